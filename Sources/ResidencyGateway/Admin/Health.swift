import Synchronization
import TenantDirectory

/// What is known of the parts that requests need, told by whoever finds out; `/readyz` is made from it.
final class Health: Sendable {
    /// A part of the gateway, or of what it depends on.
    enum Part: Hashable, Sendable {
        case router
        case directory
        /// What this node holds of the directory: whether it may be served from.
        case records
        /// Tenants that are not admitted because nobody knows where they live.
        case tenants
        /// The other nodes of the directory.
        case nodes
        case instance(Region)
    }

    enum Condition: Sendable, Equatable {
        /// Nothing has been heard yet.
        case starting
        case fine
        /// Good enough, with something an operator should know.
        case impaired(String)
        case failing(String)
        /// The part has been told to stop and lets requests come to their end.
        case draining
    }

    private struct State {
        var conditions: [Part: Condition]
        /// Traffic does not depend on the directory, once it has been read.
        var directoryWasFine = false
    }

    private let node: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - node: the name of this process among others.
    ///   - regions: those whose app instances are looked after.
    init(node: String = "local", regions: [Region]) {
        self.node = node
        var conditions: [Part: Condition] = [.router: .starting, .directory: .starting]
        for region in regions { conditions[.instance(region)] = .starting }
        state = Mutex(State(conditions: conditions))
    }

    /// Looks after the app instances of these regions from here on.
    func look(after regions: [Region]) {
        state.withLock { state in
            let wanted = Set(regions.map(Part.instance))
            for part in wanted where state.conditions[part] == nil { state.conditions[part] = .starting }
            for case .instance(let region) in state.conditions.keys where !wanted.contains(.instance(region)) {
                state.conditions[.instance(region)] = nil
            }
        }
    }

    /// Notes what a part is like now. A part that drains stays so.
    func set(_ part: Part, _ condition: Condition) {
        state.withLock { state in
            guard state.conditions[part] != .draining else { return }
            // A look at an instance that was under way when its region was left.
            if case .instance = part, state.conditions[part] == nil { return }
            state.conditions[part] = condition
            if part == .directory, condition == .fine { state.directoryWasFine = true }
        }
    }

    /// Traffic does not depend on the directory: this node has begun without it.
    func tolerateDirectory() { state.withLock { $0.directoryWasFine = true } }

    var report: HealthReport {
        state.withLock { state in
            let checks = state.conditions.map { part, condition in
                HealthReport.Check(part, condition, isNeeded: Self.isNeeded(part, state))
            }
            return HealthReport(node: node, checks: checks.sorted { $0.name < $1.name })
        }
    }

    /// One region's app being down must not take the other regions out of a load balancer.
    private static func isNeeded(_ part: Part, _ state: State) -> Bool {
        switch part {
        case .router, .records: true
        case .directory: !state.directoryWasFine
        case .instance, .tenants, .nodes: false
        }
    }
}

/// What `/readyz` answers.
struct HealthReport: Sendable, Encodable {
    struct Check: Sendable, Encodable {
        let name: String
        let state: String
        let reason: String?
        /// Whether the node is not ready while this is not fine.
        let needed: Bool

        var isFine: Bool { state == "fine" }

        init(_ part: Health.Part, _ condition: Health.Condition, isNeeded: Bool) {
            switch part {
            case .router: name = "router"
            case .directory: name = "directory"
            case .records: name = "records"
            case .tenants: name = "tenants"
            case .nodes: name = "nodes"
            case .instance(let region): name = "app instance \(region)"
            }
            needed = isNeeded
            switch condition {
            case .starting: (state, reason) = ("starting", "nothing has been heard of it yet")
            case .fine: (state, reason) = ("fine", nil)
            case .impaired(let why): (state, reason) = ("fine", why)
            case .failing(let why): (state, reason) = ("failing", why)
            case .draining:
                (state, reason) = ("draining", "the gateway is stopping and lets requests come to their end")
            }
        }
    }

    /// The name of this process among others.
    let node: String
    /// Whether new requests should come here.
    let ready: Bool
    let checks: [Check]

    init(node: String, checks: [Check]) {
        self.node = node
        self.checks = checks
        ready = checks.allSatisfy { !$0.needed || $0.isFine }
    }
}
