/// Holds, as transactions.
extension SessionStore {
    package func hold(
        _ tenant: TenantID, for migration: String, at source: Region, above epoch: Int64, as state: Placement.State,
        actor: String
    ) async throws(DirectoryError) -> TenantHold {
        try await write {
            try $0.hold(tenant, for: migration, at: source, above: epoch, as: state, actor: actor)
        }
    }

    package func hold(of tenant: TenantID) async throws(DirectoryError) -> TenantHold? {
        try await read { try $0.hold(of: tenant)?.hold }
    }

    package func holds(limit: Int) async throws(DirectoryError) -> [TenantHold] {
        try await read { try $0.holds(limit: limit) }
    }

    package func acknowledge(_ hold: TenantHold, by node: NodeRecord.Identity) async throws(DirectoryError) {
        try await write { try $0.acknowledge(hold, by: node) }
    }

    package func passBarrier(
        _ hold: TenantHold, acknowledged: Set<NodeRecord.Identity>, passedOver: Set<NodeRecord.Identity>,
        countsWritten: Bool
    ) async throws(DirectoryError) -> [NodeRecord.Identity] {
        try await write {
            try $0.passBarrier(
                hold, acknowledged: acknowledged, passedOver: passedOver, countsWritten: countsWritten)
        }
    }

    package func release(_ hold: TenantHold, to region: Region, actor: String) async throws(DirectoryError) -> Tenant {
        try StoreSession.check(region)
        return try await write { try $0.release(hold, to: region, actor: actor) }
    }
}
