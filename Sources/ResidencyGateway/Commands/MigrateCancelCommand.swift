import ArgumentParser
import RealmMigration

struct MigrateCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends a migration before its switch, and leaves everything as it was.",
        discussion: """
            EXAMPLES
              residency-gateway migrate cancel TENANT
            """)

    @OptionGroup var wish: MigrationWishOptions

    func run() async throws { try await wish.ask { try await $0.cancel($1, actor: "migrate cancel") } }
}
