import Logging
import Synchronization
package import TenantDirectory

/// Nodes of a region around one directory, in one process: real agents over gates in memory, on a link that loses
/// what it is told to, or kills a node before or after it has answered.
package final class HoldFleet: HoldLink {
    package enum Fault: Sendable, CaseIterable {
        /// The question does not arrive.
        case question
        /// The answer does not arrive.
        case answer
        /// The node dies before it has heard, and starts again.
        case killedBefore
        /// The node dies when it has acted and before it is heard, and starts again.
        case killedAfter
    }

    private struct Node {
        let record: NodeRecord
        let gates: GateDouble
        let agent: HoldAgent
        let following: Task<Void, Never>
    }

    private struct State {
        var nodes: [String: Node] = [:]
        var questions = 0
        var faults: [Int: Fault] = [:]
        var silent: Set<String> = []
    }

    private let state = Mutex(State())
    private let store: any DirectoryDatabase
    private let regions: [Region]
    private let target: HoldStanding.Target

    /// - Parameters:
    ///   - regions: those that every node owns.
    ///   - target: what the nodes see of the app instances of a target.
    package init(store: any DirectoryDatabase, regions: [Region], target: HoldStanding.Target = .well) {
        self.store = store
        self.regions = regions
        self.target = target
    }

    /// What goes wrong with which question, counted from 0.
    package func set(_ faults: [Int: Fault]) { state.withLock { $0.faults = faults } }

    /// No question arrives at the node any more.
    package func silence(_ name: String) { state.withLock { _ = $0.silent.insert(name) } }

    /// Starts a node, or starts it again: registered, then with the directory read, then serving.
    package func start(_ name: String, serving tenant: TenantID, seesTraffic: Bool = true) async throws {
        let identity = NodeRecord.Identity(newProcessOf: name)
        let record = NodeRecord(
            identity: identity, regions: regions, version: "1", regionView: "", configurationDigest: "", startedAt: 0)
        try await store.register(record, replacing: nil)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let directory = Directory(store: store, logger: logger)
        let gates = GateDouble(seesTraffic: seesTraffic)
        let agent = HoldAgent(
            directory: directory, gates: gates, holds: store,
            node: HoldAgent.Node(
                identity: identity, regions: { [regions] in regions }, target: { [target] _ in target }, hurry: { _ in }
            ),
            logger: logger)
        let following = Task { await agent.run() }
        let node = Node(record: record, gates: gates, agent: agent, following: following)
        state.withLock { $0.nodes[name] = node }
        if let known = try await directory.tenant(.id(tenant)) { await gates.take(known) }
        // A hold that was there before it started is known by no change of the feed.
        await agent.acknowledgeFromStart()
    }

    package func stop() {
        for node in state.withLock({ $0.nodes.values }) { node.following.cancel() }
    }

    package func gates(of name: String) -> GateDouble? { state.withLock { $0.nodes[name]?.gates } }

    package func ask(_ node: NodeRecord, _ question: HoldQuestion, within timeout: Duration) async -> HoldAnswer? {
        let (fault, target) = state.withLock { state in
            defer { state.questions += 1 }
            let isSilent = state.silent.contains(node.identity.id)
            return (isSilent ? .question : state.faults[state.questions], state.nodes[node.identity.id])
        }
        // A process that has taken the name is another.
        guard let target, target.record.identity == node.identity else { return nil }
        switch fault {
        case .question: return nil
        case .answer:
            _ = await target.agent.answer(question)
            return nil
        case .killedBefore:
            await restart(target, question)
            return nil
        case .killedAfter:
            _ = await target.agent.answer(question)
            await restart(target, question)
            return nil
        case nil: return await target.agent.answer(question)
        }
    }

    private func restart(_ node: Node, _ question: HoldQuestion) async {
        node.gates.kill()
        node.following.cancel()
        try? await start(node.record.identity.id, serving: question.tenant)
    }
}
