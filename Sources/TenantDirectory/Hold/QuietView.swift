/// What the nodes of both regions have said before the gate closes. Pure.
struct QuietView {
    private var traffic = TenantTraffic()
    private(set) var highestEpoch: Int64 = 0
    private var silent: [NodeRecord.Identity] = []
    /// Of the source: for how long each process has been the only one of its name.
    private var ages: [NodeRecord.Identity: Duration] = [:]
    /// Of the source: those that have stopped, and have cut requests.
    private var stopped: [NodeRecord.Identity] = []
    private var isTargetWell = false
    private let target: Region

    /// - Parameters:
    ///   - nodes: all that are registered.
    ///   - answers: of those that have answered.
    init(
        _ nodes: [NodeRecord], answers: [NodeRecord.Identity: HoldAnswer], source: Region, target: Region
    ) {
        self.target = target
        for node in nodes {
            let isOwner = node.regions.contains(source)
            guard node.state != .stopped else {
                if isOwner { stopped.append(node.identity) }
                continue
            }
            guard case .traffic(let part, let epoch, let standing)? = answers[node.identity] else {
                if isOwner { silent.append(node.identity) }
                continue
            }
            highestEpoch = max(highestEpoch, epoch)
            if node.regions.contains(target), standing.target == .well { isTargetWell = true }
            guard isOwner else { continue }
            traffic.add(part)
            ages[node.identity] = standing.age
        }
    }

    /// Why the gate may not close now; `nil` where it may.
    func obstacle(_ settings: HoldSettings) -> HoldOutcome.Reason? {
        guard silent.isEmpty || settings.maySkipSilent else { return .silent(silent) }
        guard isTargetWell else { return .targetDown(target) }
        if !settings.isFenced {
            // Who began later than that takes the place of a process whose requests nobody counts.
            let atWork = stopped + ages.filter { $0.value < settings.maxRequestTime }.keys
            guard atWork.isEmpty else { return .mayStillWork(atWork.sorted { $0.id < $1.id }) }
        }
        let inTheWay = settings.drain().tooOld(in: traffic, for: settings.quietFor)
        return inTheWay.isEmpty ? nil : .inTheWay(inTheWay)
    }
}
