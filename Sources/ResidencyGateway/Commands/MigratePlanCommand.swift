import ArgumentParser
import RealmMigration
import TenantDirectory

struct MigratePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Says what a move would meet, and changes nothing.",
        discussion: """
            Every blocker and warning at once, with what would mend it; rows, bytes, duration and pause. A node of the
            tenant's region looks at both sides. Fails where there is a blocker.

            EXAMPLES
              residency-gateway migrate plan TENANT --to US
              residency-gateway migrate plan TENANT --to US --json | jq '.plan.blockers'
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A clientKey, a Forge installationId, or the directory's own id of 32 digits.")
    var tenant: String

    @Option(help: "The region to move to, such as US.", transform: regionArgument)
    var to: Region

    @Option(help: "live, offline, or auto.")
    var mode = MigrationRecord.Mode.auto

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        var order = MigrationDesk.Order()
        (order.kind, order.mode) = (.plan, mode)
        let found = try await session.tenant(tenant)
        let asked = try await session.desk.start(found.id, to: to, order, actor: "migrate plan")
        let record = try await session.finished(asked.id)
        if json { Console.write(MigrationReport.json(record)) }
        guard let plan = record.plan else {
            if !json { Console.complain(record.reason) }
            throw ExitCode(1)
        }
        if !json { for line in MigrationReport.plan(plan) { Console.write(line) } }
        if !plan.blockers.isEmpty { throw ExitCode(1) }
    }
}

extension MigrationSession {
    /// Waits until a plan is made, and says so where no node takes it up.
    fileprivate func finished(_ id: String) async throws -> MigrationRecord {
        let start = ContinuousClock.now
        var hasWarned = false
        while true {
            if let record = try await desk.migration(id) {
                if record.phase.isOver { return record }
                if !record.reason.isEmpty, !hasWarned {
                    hasWarned = true
                    Console.complain(record.reason)
                }
                if record.phase == .scheduled, ContinuousClock.now - start > .seconds(10), !hasWarned {
                    hasWarned = true
                    Console.complain("No node of \(record.source) has taken it up yet; `nodes list` shows them.")
                }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
