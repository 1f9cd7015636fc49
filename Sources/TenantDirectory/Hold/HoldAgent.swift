package import Logging
import ServiceLifecycle

/// The node's part of a cutover: closes the gates, waits for what is in flight, acknowledges.
///
/// 1. Told by the coordinator (``answer(_:)``), it acknowledges with its answer. Told by the change feed alone, it
///    writes its acknowledgement into the directory: that is the fall-back (amendment H25), and a node that starts
///    while a hold is on does the same.
/// 2. It acknowledges only once the feed has been applied up to the hold, and so is on disk in the mirror (H5).
/// 3. The higher epoch wins at once, whatever the directory can be asked.
package final class HoldAgent: Service {
    private let directory: Directory
    private let gates: any TenantGates
    private let holds: any HoldStore
    private let node: NodeRecord.Identity
    private let regions: Set<Region>
    private let logger: Logger
    private static let pollInterval = Duration.milliseconds(5)

    /// - Parameter regions: those whose app instances this node may call.
    package init(
        directory: Directory, gates: any TenantGates, holds: any HoldStore, node: NodeRecord.Identity,
        regions: Set<Region>, logger: Logger
    ) {
        self.directory = directory
        self.gates = gates
        self.holds = holds
        self.node = node
        self.regions = regions
        self.logger = logger
    }

    // MARK: Told by the coordinator

    package func answer(_ question: HoldQuestion) async -> HoldAnswer {
        do throws(DirectoryError) {
            switch question {
            case .traffic(let id):
                let epoch = try await directory.tenant(.id(id))?.placement.epoch ?? 0
                return .traffic(await gates.traffic(of: id), knownEpoch: epoch)
            case .hold(let hold, let rule):
                let known = try await install(hold.placement, sequence: hold.sequence, of: hold.tenant)
                guard known == hold.epoch else { return .ahead(known) }
                return try await acknowledge(hold, rule)
            case .release(let id, let placement, let sequence):
                _ = try await install(placement, sequence: sequence, of: id)
                return .released
            }
        } catch {
            return .unable(error.message)
        }
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

    private func acknowledge(_ hold: TenantHold, _ rule: DrainRule) async throws(DirectoryError) -> HoldAnswer {
        let paths = await drain(hold.tenant, rule)
        guard paths.isEmpty else { return .inTheWay(paths) }
        try await directory.catchUp(to: hold.sequence)
        return .acknowledged(node)
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
            for await change in directory.changes() {
                guard case .changed(let tenant) = change, tenant.placement.state != .serving,
                    regions.contains(tenant.placement.region)
                else { continue }
                group.addTask { await self.acknowledgeFromFeed(tenant) }
            }
        }
    }

    /// Acknowledges a hold that was on before this node began to follow the feed; to be called when it has registered.
    package func acknowledgeFromStart(_ id: TenantID) async {
        guard let tenant = try? await directory.tenant(.id(id)), tenant.placement.state != .serving else { return }
        await acknowledgeFromFeed(tenant)
    }

    private func acknowledgeFromFeed(_ tenant: Tenant) async {
        await gates.take(tenant)
        do throws(DirectoryError) {
            guard let hold = try await holds.hold(of: tenant.id), hold.epoch == tenant.placement.epoch else { return }
            // There is no coordinator to say how long: nothing is passed over, and a hold that ends ends the wait.
            let rule = DrainRule(isFenced: false, passesReads: hold.state == .moving)
            var paths = await drain(tenant.id, rule)
            while !paths.isEmpty, !Task.isCancelled, try await holds.hold(of: tenant.id) == hold {
                paths = await drain(tenant.id, rule)
            }
            guard paths.isEmpty else { return }
            try await directory.catchUp(to: hold.sequence)
            try await holds.acknowledge(hold, by: node)
        } catch {
            logger.debug(
                "A hold that the change feed has brought was not acknowledged.",
                metadata: ["tenant": "\(tenant.id)", "error": "\(error)"])
        }
    }
}
