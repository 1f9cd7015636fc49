/// The journal of migrations in the directory. What people ask for leaves an entry in the audit; the work on it takes
/// no number of the change feed. All of its calls throw ``DirectoryError``.
package protocol MigrationStore: Sendable {
    /// The random name that this directory keeps of itself. Objects of ours in a regional store carry it, so that a
    /// gateway with another directory leaves them alone.
    func directoryName() async throws(DirectoryError) -> String

    /// Enters a migration.
    /// - Throws: `.conflict` where the tenant is not served at the source, has a migration that is not over, or there
    ///   are as many between these regions as the request allows; `.unknownTenant`.
    func createMigration(_ request: MigrationRequest, actor: String) async throws(DirectoryError) -> MigrationRecord

    func migration(_ id: String) async throws(DirectoryError) -> MigrationRecord?

    /// The newest first.
    func migrations(_ filter: MigrationFilter) async throws(DirectoryError) -> [MigrationRecord]

    /// Notes what is wanted; asked again, it changes nothing. One that has not begun is over with its `cancel`.
    /// - Throws: `.conflict` where that cannot be asked in its phase, or there is no such migration.
    func wish(_ wish: MigrationWish, of id: String, actor: String) async throws(DirectoryError) -> MigrationRecord

    /// Takes the lease of a migration, and begins it where that has not been done.
    /// - Parameters:
    ///   - seen: the lease as it was when it was judged to be free, or over.
    ///   - generation: the highest that a store has answered; that of the lease is above it.
    ///   - atOnce: how many may run between two regions; one that has not begun waits for its turn.
    /// - Returns: `nil` where it cannot be had now.
    func takeMigration(
        _ id: String, by holder: NodeRecord.Identity, seen: MigrationLease, above generation: Int64, atOnce: Int
    ) async throws(DirectoryError) -> MigrationRecord?

    /// Writes how far a migration is, and so gives a sign of life.
    /// - Returns: the record, with what others want meanwhile.
    /// - Throws: `.conflict` where the lease is another's, or the phase cannot follow.
    func saveMigration(_ record: MigrationRecord) async throws(DirectoryError) -> MigrationRecord

    /// Signs a text with a key of this directory's, so that its gateways know it again: `hmac-sha256 KEY-ID HEX`.
    func sign(_ text: String) -> String

    /// Whether a gateway of this directory has signed it.
    func isSigned(_ text: String, by signature: String) -> Bool

    /// Gives the lease up, so that nobody waits for it to end.
    func leaveMigration(_ record: MigrationRecord) async throws(DirectoryError)
}
