/// A cutover under way, as the directory has it: the tenant is held at this epoch, by the change of this id. Whoever
/// acknowledges names all of it, so that an acknowledgement of another try never counts (amendment H39).
package struct TenantHold: Sendable, Equatable {
    package let tenant: TenantID
    /// The migration it is a part of; its name is the migration's business.
    package let migration: String
    /// Random; names this try alone.
    package let change: String
    /// Of the held placement. The placement after it, on either side, has the next one.
    package let epoch: Int64
    /// The number of the change that holds, in the change feed.
    package let sequence: Int64
    /// Where the tenant is, and where its requests are stopped.
    package let source: Region
    /// Whether all of its requests wait (`held`), or those that may write are refused (`moving`).
    package let state: Placement.State

    package init(
        tenant: TenantID, migration: String, change: String, epoch: Int64, sequence: Int64, source: Region,
        state: Placement.State = .held
    ) {
        self.tenant = tenant
        self.migration = migration
        self.change = change
        self.epoch = epoch
        self.sequence = sequence
        self.source = source
        self.state = state
    }

    /// Whether it belongs to this migration, whoever leads it or has led it.
    package func isOfMigration(_ id: String) -> Bool { Self.migrationID(of: migration) == id }

    /// Holds name a migration and the generation of its lease.
    static func migrationID(of name: String) -> String { String(name.prefix { $0 != "/" }) }

    package var placement: Placement { Placement(region: source, epoch: epoch, state: state) }
}
