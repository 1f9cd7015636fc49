import ArgumentParser

/// `tenants …`: reads and fills the directory, beside a running `serve` or without one.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Lists, shows, imports, exports and settles the tenants of the directory.",
        discussion: """
            EXAMPLES
              residency-gateway tenants list --region EU
              residency-gateway tenants list --displaced
              residency-gateway tenants show 3f1c9a52-…
              residency-gateway tenants import hosts.ndjson
              residency-gateway tenants export > backup.ndjson
              residency-gateway tenants settle 3f1c9a52-… --region EU
            """,
        subcommands: [
            TenantsListCommand.self, TenantsShowCommand.self, TenantsImportCommand.self, TenantsExportCommand.self,
            TenantsSettleCommand.self,
        ])
}
