/// What the router may ask the directory: who a tenant is and where it lives. It answers from memory where it can; it
/// never gives out anything that could change a record.
package protocol PlacementLookup: Sendable {
    /// The record behind a key.
    ///
    /// One load runs per key however many ask; an unknown key is remembered for a moment, and forgotten when the tenant
    /// is installed.
    /// - Returns: `nil` when the directory says that there is no such tenant.
    /// - Throws: ``DirectoryError`` when the directory cannot be asked, or too many loads are under way
    ///   (`DirectoryError.Code.busy`).
    func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant?

    /// The record as the directory has it now, past every cache: asked before a 401 for an unknown tenant or a wrong
    /// signature. At most one load a key and second; in between it answers like ``tenant(_:)``.
    func freshTenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant?

    /// Changed records, in the order of the change feed, until the caller's task is cancelled. A reader that falls
    /// behind by more than the buffer gets `.everything`, and drops all it holds.
    func changes() -> AsyncStream<TenantChange>
}

/// A step of the change feed as a holder of records sees it.
package enum TenantChange: Sendable {
    /// The new state of one record.
    case changed(Tenant)
    /// The record is gone.
    case removed(TenantID)
    /// Changes were missed: nothing held is known to be current.
    case everything
}
