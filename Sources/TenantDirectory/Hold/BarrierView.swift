/// What the nodes of both regions have said to a hold. Pure.
struct BarrierView {
    private let source: Region
    private let target: Region
    private let settings: HoldSettings
    /// Of the source: those whose acknowledgement counts.
    private(set) var acknowledged: Set<NodeRecord.Identity> = []
    /// Of the source: those that have not answered the last question.
    private(set) var silent: Set<NodeRecord.Identity> = []
    /// Of the source: those that took another's place so short a time ago that the app may still be at its requests.
    private var young: Set<NodeRecord.Identity> = []
    /// Of the source: those that have stopped, and have cut requests. They send no more.
    private var stopped: Set<NodeRecord.Identity> = []
    /// A node of the target holds the tenant too, and could serve it.
    private(set) var isTargetReady = false
    /// Whom the directory misses.
    var missing: [NodeRecord.Identity] = []

    init(source: Region, target: Region, settings: HoldSettings) {
        self.source = source
        self.target = target
        self.settings = settings
    }

    /// Takes the nodes that are registered now.
    /// - Returns: those that have anything left to say.
    mutating func nodesToAsk(_ nodes: [NodeRecord]) -> [NodeRecord] {
        stopped = Set(nodes.filter { $0.state == .stopped && $0.regions.contains(source) }.map(\.identity))
        return nodes.filter { $0.state != .stopped && owes($0) }
    }

    /// Nodes that need not have acknowledged. Of those that have stopped nobody has to be told, where the store itself
    /// refuses what they had sent.
    var passedOver: Set<NodeRecord.Identity> {
        (settings.maySkipSilent ? silent : []).union(settings.isFenced ? stopped : [])
    }

    /// Those that receipts name: they may not have heard yet.
    var skipped: [NodeRecord.Identity] {
        settings.maySkipSilent ? silent.sorted { $0.description < $1.description } : []
    }

    private func owes(_ node: NodeRecord) -> Bool {
        let owes = node.regions.contains(source) && !acknowledged.contains(node.identity)
        return owes || (!isTargetReady && node.regions.contains(target))
    }

    /// Takes the answers of the nodes that were asked.
    /// - Returns: why the cutover must be given up at once.
    mutating func note(
        _ answers: [NodeRecord.Identity: HoldAnswer], of asked: [NodeRecord]
    ) -> HoldOutcome.Reason? {
        silent = []
        young = []
        for node in asked {
            let isOwner = node.regions.contains(source)
            switch answers[node.identity] {
            case nil: if isOwner { silent.insert(node.identity) }
            // A process that has taken another's address speaks for itself alone.
            case .acknowledged(let identity, let standing)? where identity == node.identity:
                if standing.target == .well { isTargetReady = true }
                guard isOwner else { continue }
                if settings.isFenced || standing.age >= settings.maxRequestTime {
                    acknowledged.insert(identity)
                } else {
                    young.insert(identity)
                }
            case .inTheWay(let paths)?: if isOwner { return .inTheWay(paths) }
            case .ahead(let epoch)?: return .ahead(epoch)
            case .acknowledged?, .traffic?, .released?, .unable?: break
            }
        }
        silent.subtract(acknowledged)
        return nil
    }

    /// What has kept the barrier from passing.
    var reason: HoldOutcome.Reason {
        let atWork = young.union(stopped)
        let others = missing.filter { !atWork.contains($0) }
        if !others.isEmpty { return .silent(others) }
        if !missing.isEmpty { return .mayStillWork(missing) }
        return .targetDown(target)
    }
}
