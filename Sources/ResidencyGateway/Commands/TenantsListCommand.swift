import ArgumentParser
import TenantDirectory

struct TenantsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists tenants, in the order of their ids.",
        discussion: """
            EXAMPLES
              residency-gateway tenants list --region EU --state installed
              residency-gateway tenants list --displaced
              residency-gateway tenants list --json --limit 0 | jq -r .baseUrl
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Only tenants whose data is in this region, such as EU.", transform: regionArgument)
    var region: Region?

    @Option(
        help: "Only tenants in this state: \(Tenant.State.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: stateArgument)
    var state: Tenant.State?

    @Flag(help: "Only tenants whose host calls another region than their data is in.")
    var displaced = false

    @Option(help: "At most this many; 0 for all.")
    var limit = 100

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must not be negative.") }
    }

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let filter = TenantFilter(region: region, state: state, displacedOnly: displaced)
        var table = TextTable(["TENANT", "REGION", "HOST CALLS", "STATE", "PRODUCT", "SITE"])
        var listed = 0
        var after: TenantID?
        while limit == 0 || listed < limit {
            let wanted = limit == 0 ? 1_000 : min(1_000, limit - listed)
            let page = try await store.tenants(after: after, limit: wanted, filter: filter)
            for tenant in page {
                if json {
                    Console.write(String(decoding: TenantReport.json(tenant).bytes, as: UTF8.self))
                } else {
                    table.add(Self.row(tenant))
                }
            }
            listed += page.count
            after = page.last?.id
            if page.count < wanted { break }
        }
        guard !json else { return }
        for line in table.lines(style: .standardOutput) { Console.write(line) }
        let counts = try await store.counts()
        let more = limit > 0 && listed == limit ? "; --limit 0 lists all" : ""
        Console.write("\(listed) listed of \(counts.total), \(counts.displaced) displaced\(more)")
    }

    private static func row(_ tenant: Tenant) -> [String] {
        [
            TenantReport.name(tenant), tenant.placement.region.code, tenant.hostRealm?.code ?? "-",
            tenant.state.rawValue, tenant.product ?? "-", tenant.hostBaseURL ?? "-",
        ]
    }
}

/// A realm code of the command line.
@Sendable func regionArgument(_ text: String) throws -> Region {
    guard let region = Region(text) else {
        throw ValidationError("\"\(text)\" is not a region code such as EU or US (upper case).")
    }
    return region
}

@Sendable private func stateArgument(_ text: String) throws -> Tenant.State {
    guard let state = Tenant.State(rawValue: text) else {
        let known = Tenant.State.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\"\(text)\" is not a state; there are \(known).")
    }
    return state
}
