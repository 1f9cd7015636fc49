package import Logging
import ServiceLifecycle
import Synchronization

import struct Foundation.Date

/// Keeps this process among the nodes of the directory: enters it before it serves, shows that it lives, looks after
/// the others, and takes its row away when it has stopped (design §4, amendments H5, H26, H33).
///
/// A row stands before the process serves anything and until it serves nothing: a barrier asks the rows there are.
package final class NodeKeeper<C: Clock>: Service where C.Duration == Duration {
    /// What the process could begin with.
    package enum Beginning: Sendable, Equatable {
        case directory
        /// The directory is away; the row of the process before it stands.
        case mirror
    }

    private struct State {
        var node: NodeRecord
        var isRegistered = false
        /// Whether the row says of the configuration what ``node`` does.
        var isDescribed = true
        var watch: NodeWatch
        var report = NodesReport()
        var turns = 0
        var refusal = ""
    }

    /// Of the others, and of the rows that were marked silent.
    private static var turnsBetweenLooks: Int { 3 }
    /// Of the mirror's note of when it was confirmed.
    private static var turnsBetweenConfirmations: Int { 10 }
    /// Of this machine's clock.
    private static var turnsBetweenComparisons: Int { 30 }
    private static var turnsBetweenPrunings: Int { 20_000 }
    private static var pruningsAtOnce: Int { 100 }

    private let registry: any NodeRegistry
    private let directory: Directory
    private let interval: Duration
    private let clock: C
    private let wallClock: @Sendable () -> Int64
    private let logger: Logger
    private let state: Mutex<State>
    /// Whether this process has stopped serving with requests that the app may still be working on.
    private let leavesWork: Mutex<@Sendable () -> Bool> = Mutex({ false })

    /// - Parameters:
    ///   - node: this process, as it is entered.
    ///   - directory: over the store that is the registry too.
    ///   - interval: between two signs of life.
    ///   - silentAfter: how long another node may show none.
    ///   - maxAge: of mirrors: how long a row that was marked silent stands.
    ///   - maxRequestTime: how long an app may work on a request: how long a row stands that was left with some.
    ///   - wallClock: milliseconds since 1970, by this machine; compared with the directory's, for people.
    package init(
        _ node: NodeRecord, registry: any NodeRegistry, directory: Directory, interval: Duration = .seconds(1),
        silentAfter: Duration = .seconds(5), maxAge: Duration = .seconds(86_400),
        maxRequestTime: Duration = .seconds(60), clock: C = ContinuousClock(),
        wallClock: @escaping @Sendable () -> Int64 = { Date().milliseconds }, logger: Logger
    ) {
        self.registry = registry
        self.directory = directory
        self.interval = interval
        self.clock = clock
        self.wallClock = wallClock
        self.logger = logger
        state = Mutex(
            State(
                node: node,
                watch: NodeWatch(silentAfter: silentAfter, overdueAfter: maxAge, stoppedAfter: maxRequestTime)))
    }

    package var identity: NodeRecord.Identity { state.withLock { $0.node.identity } }

    /// Asked when the process has stopped serving: whether the app may still be working on requests that were cut.
    package func setLeavesWork(_ leavesWork: @escaping @Sendable () -> Bool) {
        self.leavesWork.withLock { $0 = leavesWork }
    }

    /// The regions in this process's row: those whose app instances it may call.
    package var regions: [Region] { state.withLock { $0.node.regions } }

    /// This process as it is entered.
    package var record: NodeRecord { state.withLock { $0.node } }

    /// The nodes as they were last looked at.
    package var report: NodesReport { state.withLock { $0.report } }

    /// Enters this process, and returns when it knows all that it must to serve.
    /// - Throws: ``DirectoryError``: where the directory is away, and nothing may be served from the mirror.
    package func start() async throws(DirectoryError) -> Beginning {
        try directory.mirror?.add(identity.incarnation)
        do throws(DirectoryError) {
            // The first time this takes a while, in which no barrier has to wait for this node.
            let isFirst = directory.mirror?.state.isComplete == false
            if isFirst { logger.notice("This node reads the whole directory into its mirror before it serves.") }
            try await directory.catchUp()
            if isFirst { logger.notice("The mirror holds the whole directory.") }
            try await enter()
            return .directory
        } catch {
            guard error.code == .unavailable || error.code == .busy, let mirror = directory.mirror else { throw error }
            if let refusal = directory.beginFromMirror() {
                throw DirectoryError(
                    error.code,
                    error.message + " This node cannot start without it from its mirror \(mirror.path): \(refusal).",
                    cause: error.cause)
            }
            logger.warning(
                "The directory is away: this node serves the tenants in its mirror, and nothing is installed.",
                metadata: ["error": "\(error)", "mirror": "\(mirror.path)"])
            return .mirror
        }
    }

    /// From now on the process serves, at these addresses by purpose.
    package func serves(at addresses: [String: String]) {
        state.withLock { state in
            state.node.state = .serving
            state.node.addresses.merge(addresses) { $1 }
        }
    }

    package func run() async throws {
        // A call that is under way when the service stops is let go of without harm.
        try? await cancelWhenGracefulShutdown { try await self.keep() }
        await leave()
    }

    // MARK: Owned regions

    /// Joins regions: they are in the row first, then all changes up to that moment are applied. The caller serves them
    /// when this returns, and not before.
    package func join(_ regions: [Region]) async throws(DirectoryError) {
        try await setRegions { before in before + regions.filter { !before.contains($0) } }
        try await directory.catchUp(to: try await directory.store.lastSequence())
    }

    /// Leaves regions. The caller has stopped serving them, and their last request is done: from now on no barrier
    /// waits for this node (amendment H28).
    package func leave(_ regions: [Region]) async throws(DirectoryError) {
        try await setRegions { before in before.filter { !regions.contains($0) } }
    }

    /// Another configuration: what the row says of it is put right at the next sign of life.
    package func describe(regionView: String, configurationDigest: String) {
        state.withLock { state in
            state.isDescribed =
                state.isDescribed && state.node.regionView == regionView
                && state.node.configurationDigest == configurationDigest
            state.node.regionView = regionView
            state.node.configurationDigest = configurationDigest
        }
    }

    private func redescribe() async throws(DirectoryError) {
        let node = state.withLock { $0.isDescribed ? nil : $0.node }
        guard let node, try await registry.describe(node) else { return }
        state.withLock { state in
            state.isDescribed =
                state.node.regionView == node.regionView && state.node.configurationDigest == node.configurationDigest
        }
    }

    private func setRegions(_ change: ([Region]) -> [Region]) async throws(DirectoryError) {
        var node = state.withLock { $0.node }
        node.regions = change(node.regions)
        let regions = node.regions
        guard try await registry.describe(node) else {
            throw DirectoryError(.conflict, "This node's row in the directory is gone; it enters itself again.")
        }
        state.withLock { $0.node.regions = regions }
    }

    // MARK: Living

    private func keep() async throws {
        while !Task.isCancelled {
            await turn()
            try await clock.sleep(for: interval)
        }
    }

    /// One sign of life, and what is due beside it. What cannot be done is done at the next turn.
    func turn() async {
        let (isRegistered, turns) = state.withLock { state in
            defer { state.turns += 1 }
            return (state.isRegistered, state.turns)
        }
        do throws(DirectoryError) {
            if turns % Self.turnsBetweenComparisons == 0 || record.clockSkew == nil { try await compareClocks() }
            if isRegistered { try await renew() } else { try await enter() }
            try await redescribe()
            if turns % Self.turnsBetweenLooks == 0 { try await look() }
            if turns % Self.turnsBetweenConfirmations == 0 { try await confirm() }
            if turns % Self.turnsBetweenPrunings == 1 { try await prune() }
            state.withLock { $0.refusal = "" }
        } catch {
            let isNew = state.withLock { state in
                defer { state.refusal = error.message }
                return state.refusal != error.message
            }
            // That the directory is away is told by the reader of the feed.
            guard isNew, error.code != .unavailable, error.code != .busy else { return }
            logger.error("This node is not registered in the directory.", metadata: ["error": "\(error)"])
        }
    }

    /// Row, then feed, then serving.
    private func enter() async throws(DirectoryError) {
        let asked = directory.now()
        var node = state.withLock { $0.node }
        node.appliedSequence = directory.appliedSequence
        node.heartbeat = 0
        try await registry.register(node, replacing: directory.mirror?.incarnations)
        try await directory.catchUp(to: try await directory.store.lastSequence())
        try await directory.mirror?.noteRow(node.identity.incarnation)
        directory.sawRow(asked)
        directory.resume()
        state.withLock { $0.isRegistered = true }
        try await confirm()
        await directory.reportKnownDisputes()
    }

    private func renew() async throws(DirectoryError) {
        let asked = directory.now()
        var node = state.withLock { $0.node }
        node.appliedSequence = directory.appliedSequence
        if try await registry.renew(node) { return directory.sawRow(asked) }
        state.withLock { $0.isRegistered = false }
        directory.suspend(
            "This node's row was taken out of the directory: it serves nothing until it has entered itself again.")
        logger.critical("This node's row was taken out of the directory: it serves nothing until it has a new one.")
        try await directory.mirror?.noteNoRow()
        try await enter()
    }

    /// What is found stands in the node's row, so that every node warns of it, and `nodes list` does.
    private func compareClocks() async throws(DirectoryError) {
        let before = wallClock()
        guard let server = try await registry.currentTime() else { return }
        let skew = ClockSkew.milliseconds(before: before, after: wallClock(), server: server)
        state.withLock { $0.node.clockSkew = skew }
    }

    private func confirm() async throws(DirectoryError) {
        if let mirror = directory.mirror, let age = directory.contactAge { try await mirror.confirm(age: age) }
    }

    private func look() async throws(DirectoryError) {
        let nodes = try await registry.nodes()
        let (before, report) = state.withLock { state in
            let before = state.report
            state.report = state.watch.note(nodes, now: directory.now())
            return (before, state.report)
        }
        for warning in report.warnings where !before.warnings.contains(warning) {
            logger.warning("\(warning)")
        }
        for identity in report.overdue { try await registry.deregister(identity) }
    }

    private func prune() async throws(DirectoryError) {
        for _ in 0..<Self.pruningsAtOnce { guard try await directory.store.prune() else { break } }
        for _ in 0..<Self.pruningsAtOnce { guard try await directory.mirror?.prune() ?? false else { break } }
    }

    // MARK: Leaving

    /// Takes the row away: nothing is served any more. Where requests were cut it stays for as long as the app may be
    /// working on them, so that a cutover of a store without a fence can wait for them. While the directory is away it
    /// stays as it is, and with it what the mirror is good for.
    private func leave() async {
        guard state.withLock({ $0.isRegistered }) else { return }
        do throws(DirectoryError) {
            try await confirm()
            _ = try await directory.store.lastSequence()
            // The mark comes first: a mirror must never say that a row stands which does not.
            try await directory.mirror?.noteNoRow()
            guard leavesWork.withLock({ $0 })() else { return try await registry.deregister(identity) }
            var node = record
            (node.state, node.addresses, node.appliedSequence) = (.stopped, [:], directory.appliedSequence)
            _ = try await registry.renew(node)
        } catch {
            logger.notice(
                "This node's row stays in the directory, and counts as silent.", metadata: ["error": "\(error)"])
        }
    }
}
