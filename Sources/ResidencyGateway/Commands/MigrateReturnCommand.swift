import ArgumentParser
import RealmMigration

struct MigrateReturnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "return", abstract: "Brings a tenant back after the switch, with what was written since.",
        discussion: """
            Until the old rows are purged. They are taken away first, then the tenant moves back like any other.

            EXAMPLES
              residency-gateway migrate return TENANT
            """)

    @OptionGroup var wish: MigrationWishOptions

    func run() async throws { try await wish.ask { try await $0.bringBack($1, actor: "migrate return") } }
}
