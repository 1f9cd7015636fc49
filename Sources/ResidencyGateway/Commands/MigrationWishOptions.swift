import ArgumentParser
import RealmMigration
import TenantDirectory

/// What the commands take that ask something of a migration.
struct MigrationWishOptions: ParsableArguments {
    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A migration's id, or a tenant whose newest it is.")
    var migration: String

    @Flag(help: "One JSON object.")
    var json = false

    func ask(
        _ body: (MigrationDesk, String) async throws -> MigrationRecord
    ) async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        let record = try await body(session.desk, try await session.migration(migration).id)
        Console.write(json ? MigrationReport.json(record) : MigrationReport.line(record))
    }
}
