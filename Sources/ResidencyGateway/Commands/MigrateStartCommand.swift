import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

struct MigrateStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Moves a tenant, or all of a file, to another region.",
        discussion: """
            With --watch the command ends when the tenant has been switched, and fails where it has not. The old region
            keeps the rows for migration.purgeDelay; until then `migrate return` brings the tenant back.

            EXAMPLES
              residency-gateway migrate start 3f1c9a52-6c1d-4d5e-9d57-1f1d6f4a1b2c --to US --watch
              residency-gateway migrate start TENANT --to US --at 2026-05-01T02:00:00Z --commit manual
              residency-gateway migrate start --file wave-1.txt --to US --at-once 4
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A clientKey, a Forge installationId, or the directory's own id of 32 digits.")
    var tenant: String?

    @Option(help: "The region to move to, such as US.", transform: regionArgument)
    var to: Region

    @Option(help: "Tenants, one a line; - for standard input.", completion: .file())
    var file: String?

    @Option(help: "How many of the file may move at once.")
    var atOnce = 4

    @Option(help: "live, offline, or auto: live wherever that can be.")
    var mode = MigrationRecord.Mode.auto

    @Option(help: "automatic, or manual: waits for `migrate commit` when it is ready.")
    var commit = MigrationRecord.Commit.automatic

    @Option(help: "Begins no sooner, such as 2026-05-01T02:00:00Z.", transform: timeArgument)
    var at: Date?

    @Flag(help: "Shows how far it is, until it is switched.")
    var watch = false

    @Flag(help: "JSON instead of text: one object a line.")
    var json = false

    func validate() throws {
        guard (tenant == nil) != (file == nil) else { throw ValidationError("Name a tenant, or give --file.") }
        guard atOnce > 0 else { throw ValidationError("--at-once must be at least 1.") }
        guard !watch || file == nil else { throw ValidationError("--watch is for one tenant.") }
    }

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        var order = MigrationDesk.Order()
        (order.mode, order.commit) = (mode, commit)
        order.startAt = at.map { Int64($0.timeIntervalSince1970 * 1_000) } ?? 0
        if let file { return try await startAll(of: file, session, order) }
        let found = try await session.tenant(tenant ?? "")
        let record = try await session.desk.start(found.id, to: to, order, actor: "migrate start")
        guard watch else { return say(record) }
        // A return goes back to a phase that a first move has had already.
        let isBack = record.wishes.contains(.return)
        let last = try await session.watch(
            record.id, until: { $0.phase == .committed && (!isBack || $0.isReturn) }, json: json)
        guard last.phase == .committed || last.phase == .done || last.phase == .returned else { throw ExitCode(1) }
        if !json { for line in MigrationReport.text(last) { Console.write(line) } }
    }

    private func startAll(of file: String, _ session: MigrationSession, _ order: MigrationDesk.Order) async throws {
        var order = order
        order.batch = MigrationBatch(name: TenantID.random().description, atOnce: atOnce)
        var failed = 0
        for name in try Self.lines(of: file) {
            do {
                let found = try await TenantSearch(session.store).find(name, app: nil)
                guard let found else {
                    throw DirectoryError(.unknownTenant, "There is no tenant \"\(name)\".")
                }
                say(try await session.desk.start(found.id, to: to, order, actor: "migrate start"))
            } catch let error as DirectoryError where [.conflict, .unknownTenant].contains(error.code) {
                failed += 1
                Console.complain("\(name): \(error.message)")
            }
        }
        if failed > 0 { throw ExitCode(1) }
    }

    private func say(_ record: MigrationRecord) {
        Console.write(json ? MigrationReport.json(record) : MigrationReport.line(record))
    }

    private static func lines(of file: String) throws -> [String] {
        let data =
            file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
        guard let data else { throw ValidationError("\(file) cannot be read.") }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
}

extension MigrationRecord.Mode: ExpressibleByArgument {}
extension MigrationRecord.Commit: ExpressibleByArgument {}

@Sendable private func timeArgument(_ text: String) throws -> Date {
    guard let date = try? Date(text, strategy: .iso8601) else {
        throw ValidationError("\"\(text)\" is not a time such as 2026-05-01T02:00:00Z.")
    }
    return date
}
