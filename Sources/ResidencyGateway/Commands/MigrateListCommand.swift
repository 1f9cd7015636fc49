import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

struct MigrateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists migrations, the newest first.",
        discussion: """
            EXAMPLES
              residency-gateway migrate list
              residency-gateway migrate list --all --json | jq -r 'select(.phase == "rolledBack") | .reason'
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Those that are over, too.")
    var all = false

    @Option(help: "At most this many.")
    var limit = 100

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
    }

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        var table = TextTable(["MIGRATION", "TENANT", "WAY", "KIND", "PHASE", "NODE", "WHY"])
        for record in try await session.desk.list(MigrationFilter(activeOnly: !all, limit: limit)) {
            guard !json else {
                Console.write(MigrationReport.json(record))
                continue
            }
            table.add([
                record.id, record.tenant.description, "\(record.from) → \(record.to)", record.kind.rawValue,
                record.phase.rawValue, record.lease.holder?.id ?? "-", record.reason,
            ])
        }
        if !json { for line in table.lines(style: .standardOutput) { Console.write(line) } }
    }
}
