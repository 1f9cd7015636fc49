import ArgumentParser
import Foundation
import TenantDirectory

struct TenantsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one tenant and what happened to it.",
        discussion: """
            EXAMPLES
              residency-gateway tenants show 3f1c9a52-6c1d-4d5e-9d57-1f1d6f4a1b2c
              residency-gateway tenants show --json 0123456789abcdef0123456789abcdef
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A clientKey, a Forge installationId, or the directory's own id of 32 digits.")
    var tenant: String

    @Option(help: "The app key or ARI the name belongs to, where the directory holds several apps.")
    var app: String?

    @Option(help: "At most this many entries of the audit.")
    var audit = 20

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        guard let found = try await TenantSearch(store).find(tenant, app: app) else {
            Console.complain(
                "There is no tenant \"\(tenant)\"; `residency-gateway tenants list` shows those there are.")
            throw ExitCode(1)
        }
        let entries = try await store.audit(of: found.id, limit: max(0, audit))
        json ? showJSON(found, entries) : showText(found, entries)
    }

    private func showJSON(_ tenant: Tenant, _ entries: [AuditEntry]) {
        var members = TenantReport.json(tenant).members
        members["audit"] = .array(
            entries.map { entry in
                [
                    "at": .text(entry.at.formatted(.iso8601)), "actor": .text(entry.actor),
                    "action": .text(entry.action), "detail": .text(entry.detail),
                ]
            })
        Console.write(String(decoding: JSONValue.object(members).encoded(pretty: true), as: UTF8.self))
    }

    private func showText(_ tenant: Tenant, _ entries: [AuditEntry]) {
        let style = TerminalStyle.standardOutput
        let placement = tenant.placement
        var lines = [
            ("Tenant", TenantReport.name(tenant)), ("Id", tenant.id.description), ("State", tenant.state.rawValue),
            ("Region", "\(placement.region) (\(placement.state.rawValue), epoch \(placement.epoch))"),
            ("Host calls", tenant.hostRealm?.code ?? "not yet"),
        ]
        if tenant.isDisplaced { lines.append(("Displaced", "yes: the host calls another region")) }
        if let epoch = tenant.disputedEpoch {
            lines.append(("Disputed", "yes: a node has known epoch \(epoch); see `tenants settle`"))
        }
        for alias in tenant.aliases {
            lines.append(("Alias", "\(alias.framework.rawValue) \(alias.app) \(alias.name)"))
        }
        lines += [
            ("Site", tenant.hostBaseURL ?? "-"), ("Product", tenant.product ?? "-"),
            ("Cloud id", tenant.cloudID ?? "-"),
            (
                "Secret",
                tenant.secret == nil ? "none" : tenant.previousSecret == nil ? "one" : "one, and the one before"
            ),
            ("Installed", tenant.installedAt.formatted(.iso8601)), ("Updated", tenant.updatedAt.formatted(.iso8601)),
        ]
        if let at = tenant.uninstalledAt { lines.append(("Uninstalled", at.formatted(.iso8601))) }
        for (name, value) in lines {
            Console.write(style.dim(name.padding(toLength: 12, withPad: " ", startingAt: 0)) + value)
        }
        guard !entries.isEmpty else { return }
        Console.write("")
        var table = TextTable(["WHEN", "WHO", "WHAT", "DETAIL"])
        for entry in entries { table.add([entry.at.formatted(.iso8601), entry.actor, entry.action, entry.detail]) }
        for line in table.lines(style: style) { Console.write(line) }
    }
}
