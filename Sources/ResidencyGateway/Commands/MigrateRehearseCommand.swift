import ArgumentParser
import RealmMigration
import TenantDirectory

struct MigrateRehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse", abstract: "Does all of a move but the switch, and takes everything away again.",
        discussion: """
            Copies, follows and compares; tells how long the pause would have been. Tables whose rows make the app act
            for the tenant are not copied. The data of the tenant is in the other region meanwhile: it takes the same
            authority as a move.

            EXAMPLES
              residency-gateway migrate rehearse TENANT --to US
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A clientKey, a Forge installationId, or the directory's own id of 32 digits.")
    var tenant: String

    @Option(help: "The region to move to, such as US.", transform: regionArgument)
    var to: Region

    @Flag(help: "JSON instead of text: one object a line.")
    var json = false

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        var order = MigrationDesk.Order()
        order.kind = .rehearse
        let found = try await session.tenant(tenant)
        let asked = try await session.desk.start(found.id, to: to, order, actor: "migrate rehearse")
        let record = try await session.watch(asked.id, until: { _ in false }, json: json)
        if !json { for line in MigrationReport.text(record) { Console.write(line) } }
        guard record.decodedProgress.reached[MigrationPhase.ready.rawValue] != nil else { throw ExitCode(1) }
    }
}
