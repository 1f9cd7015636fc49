import ArgumentParser
import RealmMigration

struct MigratePurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Has the old region's rows deleted now, and not after migration.purgeDelay.",
        discussion: """
            There is no way back from it but another move.

            EXAMPLES
              residency-gateway migrate purge TENANT
            """)

    @OptionGroup var wish: MigrationWishOptions

    func run() async throws { try await wish.ask { try await $0.purge($1, actor: "migrate purge") } }
}
