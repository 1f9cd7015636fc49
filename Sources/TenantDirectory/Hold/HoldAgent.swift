package import Logging
import ServiceLifecycle
import Synchronization

/// The node's part of a cutover: closes the gates, waits for what is in flight, acknowledges.
///
/// 1. Told by the coordinator (``answer(_:)``), it acknowledges with its answer. Told by the change feed alone, it
///    writes its acknowledgement into the directory: that is the fall-back (amendment H25), and a node that starts
///    while a hold is on does the same.
/// 2. It acknowledges only once the feed has been applied up to the hold, and so is on disk in the mirror (H5).
/// 3. The higher epoch wins at once, whatever the directory can be asked.
package final class HoldAgent: Service {
    /// What the agent asks of the node it belongs to.
    package struct Node: Sendable {
        let identity: NodeRecord.Identity
        /// The regions whose app instances it may call now.
        let regions: @Sendable () -> [Region]
        /// How the app instances of a region are.
        let target: @Sendable (Region) -> HoldStanding.Target
        /// Has the change feed read in a hurry for so long.
        let hurry: @Sendable (Duration) -> Void

        package init(
            identity: NodeRecord.Identity, regions: @escaping @Sendable () -> [Region],
            target: @escaping @Sendable (Region) -> HoldStanding.Target,
            hurry: @escaping @Sendable (Duration) -> Void
        ) {
            self.identity = identity
            self.regions = regions
            self.target = target
            self.hurry = hurry
        }
    }

    private struct Acknowledging: Hashable {
        let tenant: TenantID
        let epoch: Int64
    }

    private let directory: Directory
    private let gates: any TenantGates
    private let holds: any HoldStore
    private let node: Node
    private let startedAt = ContinuousClock.now
    private let logger: Logger
    /// Holds that are being acknowledged because of the feed, each once.
    private let underWay = Mutex<Set<Acknowledging>>([])
    private static let pollInterval = Duration.milliseconds(5)
    /// Between two tries to learn of the holds there are.
    private static let retryInterval = Duration.seconds(1)
    /// How long the feed is read in a hurry after a sign of a cutover: longer than one hold, and than the pause between
    /// two tries.
    private static let hurry = Duration.seconds(5)
    /// Holds that a node acknowledges by itself when it starts; the coordinators of others ask it.
    private static let holdsAtStart = 1_000

    /// To be made once this process holds what no other of its name can hold: its time counts from here.
    package init(
        directory: Directory, gates: any TenantGates, holds: any HoldStore, node: Node, logger: Logger
    ) {
        self.directory = directory
        self.gates = gates
        self.holds = holds
        self.node = node
        self.logger = logger
    }

    // MARK: Told by the coordinator

    package func answer(_ question: HoldQuestion) async -> HoldAnswer {
        node.hurry(Self.hurry)
        do throws(DirectoryError) {
            switch question {
            case .traffic(let id, let target):
                let epoch = try await directory.tenant(.id(id))?.placement.epoch ?? 0
                return .traffic(await gates.traffic(of: id), knownEpoch: epoch, standing(target))
            case .hold(let hold, let rule, let target):
                let known = try await install(hold.placement, sequence: hold.sequence, of: hold.tenant)
                guard known == hold.epoch else { return .ahead(known) }
                return try await acknowledge(hold, rule, target)
            case .release(let id, let placement, let sequence):
                _ = try await install(placement, sequence: sequence, of: id)
                return .released
            }
        } catch {
            return .unable(error.message)
        }
    }

    private func standing(_ target: Region) -> HoldStanding {
        HoldStanding(age: .now - startedAt, target: node.target(target))
    }

    /// Has the gates follow a placement, where it is newer than what is known.
    /// - Returns: the epoch that is in force then.
    private func install(_ placement: Placement, sequence: Int64, of id: TenantID) async throws(DirectoryError) -> Int64
    {
        guard var tenant = try await directory.tenant(.id(id)) else {
            throw DirectoryError(.unknownTenant, "This node does not know the tenant \(id).")
        }
        if tenant.placement.epoch < placement.epoch {
            tenant.placement = placement
            tenant.sequence = max(tenant.sequence, sequence)
            directory.learn(tenant)
        }
        await gates.take(tenant)
        return tenant.placement.epoch
    }

    private func acknowledge(
        _ hold: TenantHold, _ rule: DrainRule, _ target: Region
    ) async throws(DirectoryError) -> HoldAnswer {
        let paths = await drain(hold.tenant, rule)
        guard paths.isEmpty else { return .inTheWay(paths) }
        try await directory.catchUp(to: hold.sequence)
        return .acknowledged(node.identity, standing(target))
    }

    /// Waits until nothing is in flight that has to be waited for.
    /// - Returns: what is in the way when the time is over.
    private func drain(_ id: TenantID, _ rule: DrainRule) async -> [String] {
        let start = ContinuousClock.now
        while true {
            switch rule.verdict(await gates.traffic(of: id), after: .now - start) {
            case .drained: return []
            case .inTheWay(let paths): return paths
            case .wait:
                do { try await Task.sleep(for: Self.pollInterval) } catch { return ["(this node is stopping)"] }
            }
        }
    }

    // MARK: Told by the feed

    /// Follows the change feed, and acknowledges the holds it brings.
    package func run() async {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        await withDiscardingTaskGroup { group in
            // Before the holds are listed: what comes meanwhile is heard.
            let changes = directory.changes()
            group.addTask { await self.acknowledgeAll() }
            for await change in changes {
                switch change {
                case .changed(let tenant) where tenant.placement.state != .serving && owns(tenant.placement.region):
                    node.hurry(Self.hurry)
                    group.addTask {
                        await self.gates.take(tenant)
                        await self.acknowledgeFromFeed(tenant.id, epoch: tenant.placement.epoch)
                    }
                case .everything: group.addTask { await self.acknowledgeAll() }
                case .changed, .removed: break
                }
            }
            group.cancelAll()
        }
    }

    private func owns(_ region: Region) -> Bool { node.regions().contains(region) }

    /// Acknowledges the holds that are on, as soon as the directory can be asked for them.
    private func acknowledgeAll() async {
        while await !acknowledgeFromStart() {
            do { try await Task.sleep(for: Self.retryInterval) } catch { return }
        }
    }

    /// Acknowledges the holds that were on before this node began to follow the feed; to be called when it has
    /// registered, and before it serves.
    /// - Returns: whether the directory could be asked for them.
    @discardableResult
    package func acknowledgeFromStart() async -> Bool {
        do throws(DirectoryError) {
            let known = try await holds.holds(limit: Self.holdsAtStart).filter { owns($0.source) }
            await withDiscardingTaskGroup { group in
                for hold in known {
                    group.addTask {
                        let epoch = try? await self.install(hold.placement, sequence: hold.sequence, of: hold.tenant)
                        if epoch == hold.epoch { await self.acknowledgeFromFeed(hold.tenant, epoch: hold.epoch) }
                    }
                }
            }
            return true
        } catch {
            return false
        }
    }

    /// The gates are closed; the rest of it.
    private func acknowledgeFromFeed(_ id: TenantID, epoch: Int64) async {
        let name = Acknowledging(tenant: id, epoch: epoch)
        guard underWay.withLock({ $0.insert(name).inserted }) else { return }
        defer { _ = underWay.withLock { $0.remove(name) } }
        do throws(DirectoryError) {
            guard let hold = try await holds.hold(of: id), hold.epoch == epoch else { return }
            // There is no coordinator to say how long: nothing is passed over, and a hold that ends ends the wait.
            let rule = DrainRule(isFenced: false, passesReads: hold.state == .moving)
            var paths = await drain(id, rule)
            while !paths.isEmpty, !Task.isCancelled, try await holds.hold(of: id) == hold {
                paths = await drain(id, rule)
            }
            guard paths.isEmpty else { return }
            try await directory.catchUp(to: hold.sequence)
            try await holds.acknowledge(hold, by: node.identity)
        } catch {
            logger.debug(
                "A hold that the change feed has brought was not acknowledged.",
                metadata: ["tenant": "\(id)", "error": "\(error)"])
        }
    }
}
