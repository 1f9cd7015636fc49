import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

struct MigrateStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how far a migration is.",
        discussion: """
            EXAMPLES
              residency-gateway migrate status TENANT
              residency-gateway migrate status TENANT --watch
              residency-gateway migrate status 4f1c0a9e5b7d48f2a3c6e8d1b2f40a97 --json
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A migration's id, or a tenant whose newest it is.")
    var migration: String

    @Flag(help: "Goes on until it is switched or over.")
    var watch = false

    @Flag(help: "JSON instead of text.")
    var json = false

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        var record = try await session.migration(migration)
        if watch { record = try await session.watch(record.id, until: { $0.phase == .committed }, json: json) }
        if json { return Console.write(MigrationReport.json(record)) }
        for line in MigrationReport.text(record) { Console.write(line) }
    }
}
