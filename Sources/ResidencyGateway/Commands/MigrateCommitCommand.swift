import ArgumentParser
import RealmMigration

struct MigrateCommitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Has a migration switch as soon as it is ready.",
        discussion: """
            EXAMPLES
              residency-gateway migrate commit TENANT
            """)

    @OptionGroup var wish: MigrationWishOptions

    func run() async throws { try await wish.ask { try await $0.commit($1, actor: "migrate commit") } }
}
