/// The journal of migrations, as transactions.
extension SessionStore {
    package func directoryName() async throws(DirectoryError) -> String {
        if let name = try await read({ try $0.directoryName() }) { return name }
        return try await write { try .none($0.nameDirectory()) }
    }

    package func createMigration(_ request: MigrationRequest, actor: String) async throws(DirectoryError)
        -> MigrationRecord
    {
        try StoreSession.check(request.target)
        return try await write { try $0.createMigration(request, actor: actor) }
    }

    package func migration(_ id: String) async throws(DirectoryError) -> MigrationRecord? {
        try await read { try $0.migration(id) }
    }

    package func migrations(_ filter: MigrationFilter) async throws(DirectoryError) -> [MigrationRecord] {
        try await read { try $0.migrations(filter) }
    }

    package func wish(_ wish: MigrationWish, of id: String, actor: String) async throws(DirectoryError)
        -> MigrationRecord
    {
        try await write { try $0.wish(wish, of: id, actor: actor) }
    }

    package func takeMigration(
        _ id: String, by holder: NodeRecord.Identity, seen: MigrationLease, above generation: Int64, atOnce: Int
    ) async throws(DirectoryError) -> MigrationRecord? {
        try await write { try $0.takeMigration(id, by: holder, seen: seen, above: generation, atOnce: atOnce) }
    }

    package func saveMigration(_ record: MigrationRecord) async throws(DirectoryError) -> MigrationRecord {
        try await write { try $0.saveMigration(record) }
    }

    package func leaveMigration(_ record: MigrationRecord) async throws(DirectoryError) {
        try await write { $0.leaveMigration(record) }
    }

    package func sign(_ text: String) -> String { sealer.ring.sign(text) }

    package func isSigned(_ text: String, by signature: String) -> Bool { sealer.ring.isSigned(text, by: signature) }
}
