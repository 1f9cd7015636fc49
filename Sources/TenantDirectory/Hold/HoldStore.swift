/// Holds and their acknowledgements in the directory: the part of a cutover that must be right whatever happens to
/// nodes and coordinators. All of its calls throw ``DirectoryError``.
package protocol HoldStore: Sendable {
    /// Holds a tenant: the placement is `held` at `source`, with an epoch above the directory's and above `epoch`. The
    /// same migration that asks again gets the hold it has; one that has stopped the writes alone (`moving`) and asks
    /// for `held`, or is led by another node now, gets a new one, which every node has to acknowledge again.
    /// - Parameters:
    ///   - epoch: the highest that any node or store has answered.
    ///   - state: `held` or `moving`.
    /// - Throws: `.conflict` where the tenant is held by another migration, or is not at `source`.
    func hold(
        _ tenant: TenantID, for migration: String, at source: Region, above epoch: Int64, as state: Placement.State,
        actor: String
    ) async throws(DirectoryError) -> TenantHold

    /// The hold of a tenant; `nil` where it is not held.
    func hold(of tenant: TenantID) async throws(DirectoryError) -> TenantHold?

    /// The holds there are, at most `limit`, in the order of their tenants' ids.
    func holds(limit: Int) async throws(DirectoryError) -> [TenantHold]

    /// Notes that a node admits no request of the tenant any more and has none in flight. Takes no number of the feed.
    /// - Throws: `.conflict` where this hold is over.
    func acknowledge(_ hold: TenantHold, by node: NodeRecord.Identity) async throws(DirectoryError)

    /// Passes the barrier, in one transaction that sees an acknowledgement of this hold from every owner node of the
    /// source that is registered then.
    /// - Parameters:
    ///   - acknowledged: nodes whose acknowledgement has come as an answer, and is written here.
    ///   - passedOver: nodes that need not have acknowledged.
    ///   - countsWritten: whether acknowledgements count that nodes have written by themselves.
    /// - Returns: the nodes that are missing; empty where the barrier has passed.
    /// - Throws: `.conflict` where this hold is over.
    func passBarrier(
        _ hold: TenantHold, acknowledged: Set<NodeRecord.Identity>, passedOver: Set<NodeRecord.Identity>,
        countsWritten: Bool
    ) async throws(DirectoryError) -> [NodeRecord.Identity]

    /// Ends a hold: the tenant serves in `region`, with the next epoch. Asked again, it answers the same.
    /// - Throws: `.conflict` where another has ended it otherwise, or `region` is not the source and the barrier has
    ///   not passed.
    func release(_ hold: TenantHold, to region: Region, actor: String) async throws(DirectoryError) -> Tenant
}

extension HoldStore {
    /// Holds all requests of a tenant.
    package func hold(_ tenant: TenantID, for migration: String, at source: Region, above epoch: Int64, actor: String)
        async throws(DirectoryError) -> TenantHold
    {
        try await hold(tenant, for: migration, at: source, above: epoch, as: .held, actor: actor)
    }

    /// The same, where acknowledgements count however they have come.
    package func passBarrier(
        _ hold: TenantHold, acknowledged: Set<NodeRecord.Identity>, passedOver: Set<NodeRecord.Identity>
    ) async throws(DirectoryError) -> [NodeRecord.Identity] {
        try await passBarrier(hold, acknowledged: acknowledged, passedOver: passedOver, countsWritten: true)
    }
}
