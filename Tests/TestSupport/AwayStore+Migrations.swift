package import TenantDirectory

/// Its journal is away with it.
extension AwayStore: MigrationStore {
    private var gone: DirectoryError { DirectoryError(.unavailable, "The store is away.") }

    package func directoryName() async throws(DirectoryError) -> String { throw gone }

    package func createMigration(
        _ request: MigrationRequest, actor: String
    ) async throws(DirectoryError) -> MigrationRecord { throw gone }

    package func migration(_ id: String) async throws(DirectoryError) -> MigrationRecord? { throw gone }

    package func migrations(_ filter: MigrationFilter) async throws(DirectoryError) -> [MigrationRecord] { throw gone }

    package func wish(
        _ wish: MigrationWish, of id: String, actor: String
    ) async throws(DirectoryError) -> MigrationRecord { throw gone }

    package func takeMigration(
        _ id: String, by holder: NodeRecord.Identity, seen: MigrationLease, above generation: Int64, atOnce: Int
    ) async throws(DirectoryError) -> MigrationRecord? { throw gone }

    package func saveMigration(_ record: MigrationRecord) async throws(DirectoryError) -> MigrationRecord { throw gone }

    package func leaveMigration(_ record: MigrationRecord) async throws(DirectoryError) { throw gone }

    package func sign(_ text: String) -> String { "" }

    package func isSigned(_ text: String, by signature: String) -> Bool { false }
}
