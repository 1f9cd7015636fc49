import ArgumentParser
import TenantDirectory

struct TenantsSettleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle", abstract: "Says where a disputed tenant lives.",
        discussion: """
            After the directory has lost its last changes (a failover to a standby that lagged, a restored backup) a
            node may know more of a tenant than the directory does. Such a tenant is admitted nowhere until somebody has
            looked where its data is. `/readyz` names them.

            EXAMPLES
              residency-gateway tenants settle 0123456789abcdef0123456789abcdef --region EU
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The directory's own id of 32 digits.", transform: tenantArgument)
    var tenant: TenantID

    @Option(help: "The region its data is in, such as EU.", transform: regionArgument)
    var region: Region

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let settled = try await store.settle(tenant, in: region, actor: "tenants settle")
        Console.write("\(tenant) lives in \(region), epoch \(settled.placement.epoch).")
    }
}

@Sendable private func tenantArgument(_ text: String) throws -> TenantID {
    guard let id = TenantID(text) else {
        throw ValidationError("\"\(text)\" is not a tenant's id of 32 digits; `/readyz` and `tenants show` have it.")
    }
    return id
}
