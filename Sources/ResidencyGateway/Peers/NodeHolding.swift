import Logging
import RegionRouter
import TenantDirectory

/// This node's part in cutovers, joined to its router: the gates, who acknowledges, and who leads.
struct NodeHolding: Sendable {
    /// What the router makes its gates of.
    let gates: EveryLoop
    let agent: HoldAgent
    /// Leads cutovers from this node.
    let coordinators: HoldCoordinators

    /// - Parameter maxRequestTime: how long an app may work on a request.
    init(
        _ keeper: NodeKeeper<ContinuousClock>, _ directory: Directory, _ store: any DirectoryDatabase,
        _ feed: FeedReader<ContinuousClock>, client: PeerClient, maxRequestTime: Duration, logger: Logger
    ) {
        let gates = EveryLoop()
        self.gates = gates
        agent = HoldAgent(
            directory: directory, gates: gates, holds: store,
            node: HoldAgent.Node(
                identity: keeper.identity, regions: { keeper.regions },
                target: { region in Self.state(of: region, gates.upstreams) },
                hurry: { feed.hurry(for: $0) }), logger: logger)
        // Who has cut requests when it stopped leaves a word of it.
        keeper.setLeavesWork { gates.leavesWork }
        coordinators = HoldCoordinators(
            holds: store,
            link: NodeHoldLink(own: keeper.identity, agent: agent, others: PeerHoldLink(client: client)),
            maxRequestTime: maxRequestTime, logger: logger)
    }

    /// An instance that no check has asked yet counts as well.
    static func state(of region: Region, _ upstreams: [UpstreamStatus]) -> HoldStanding.Target {
        let instances = upstreams.filter { $0.region == region && !$0.isPeer }
        guard !instances.isEmpty else { return .notOwned }
        return instances.contains { !$0.isOut && $0.isWell != false } ? .well : .down
    }
}
