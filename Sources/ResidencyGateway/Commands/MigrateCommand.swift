import ArgumentParser

/// `migrate …`: moves tenants between regions. The commands write into the directory alone; the nodes do the work.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Moves the data of tenants to another region, and back.",
        discussion: """
            EXAMPLES
              residency-gateway migrate plan TENANT --to US       what would stand in the way?
              residency-gateway migrate start TENANT --to US --watch
              residency-gateway migrate start --file wave-1.txt --to US --at-once 4
              residency-gateway migrate list
              residency-gateway migrate return TENANT             before the old rows are deleted
            """,
        subcommands: [
            MigratePlanCommand.self, MigrateStartCommand.self, MigrateRehearseCommand.self, MigrateStatusCommand.self,
            MigrateListCommand.self, MigrateCommitCommand.self, MigrateCancelCommand.self, MigrateReturnCommand.self,
            MigratePurgeCommand.self, MigrateReceiptCommand.self,
        ])
}
