import ArgumentParser

/// `tenants …`: reads and fills the directory, beside a running `serve` or without one.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Lists, shows, imports and exports the tenants of the directory.",
        discussion: """
            EXAMPLES
              residency-gateway tenants list --region EU
              residency-gateway tenants list --displaced
              residency-gateway tenants show 3f1c9a52-…
              residency-gateway tenants import hosts.ndjson
              residency-gateway tenants export > backup.ndjson
            """,
        subcommands: [
            TenantsListCommand.self, TenantsShowCommand.self, TenantsImportCommand.self, TenantsExportCommand.self,
        ])
}
