import TestSupport
import Testing

@testable import TenantDirectory

@Suite("Nodes that write the same tenants at once", .timeLimit(.minutes(3)))
struct PostgresRaceTests {
    private static let names = ["a", "b", "c"]

    private func aliases(_ index: Int) -> [TenantAlias] {
        let name = Self.names[index % Self.names.count]
        let connect = TenantAlias(.connect, app: "app", name: name)
        let forge = TenantAlias(.forge, app: "app", name: name)
        switch index % 4 {
        case 0: return [connect]
        case 1: return [forge]
        default: return [connect, forge]
        }
    }

    /// Some change of some tenant; refusals by the rules are no errors here.
    private func change(_ store: PostgresStore, _ random: inout SeededRandom) async throws(DirectoryError) {
        let aliases = aliases(Int.random(in: 0..<12, using: &random))
        guard let region = Region(Bool.random(using: &random) ? "EU" : "US"), let first = aliases.first else { return }
        let secret = Secret("\(UInt64.random(in: 0...UInt64.max, using: &random))")
        do throws(DirectoryError) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0...3:
                let install = Install(
                    aliases: aliases, secret: secret, hostBaseURL: "https://a.example", product: nil, cloudID: nil,
                    region: region, hostRealm: region, reinstallWindow: .zero)
                let attempt = try await store.beginInstall(install, actor: "host")
                if Bool.random(using: &random) {
                    _ = try await store.completeInstall(attempt, keepPreviousFor: .zero, actor: "host")
                } else {
                    try await store.abandonInstall(attempt, actor: "host")
                }
            case 4:
                if let tenant = try await store.tenant(.alias(first)) {
                    _ = try await store.setState(.uninstalled, of: tenant.id, actor: "host")
                }
            case 5:
                if let tenant = try await store.tenant(.alias(first)) {
                    _ = try await store.noteHostRealm(region, of: tenant.id)
                }
            case 6:
                let alias = TenantAlias(.forge, app: "app", name: first.name)
                let install = ForgeInstall(
                    alias: alias, cloudID: nil, hostBaseURL: nil, product: nil, region: region, hostRealm: region)
                _ = try await store.recordForgeInstallation(install, actor: "host")
            default:
                _ = try await store.importTenants(
                    [ImportedTenant(aliases: aliases, secret: secret, region: region)], actor: "test")
            }
        } catch  where [.conflict, .unknownTenant].contains(error.code) {}
    }

    @Test("keep every rule: a name has one owner, epochs never fall, numbers come in order")
    func races() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let stores = try (0..<2).map { _ in try PostgresStore(.patient(url), sealer: .test()) }
        try await stores[0].prepare()
        let reader = try PostgresStore(.patient(url), sealer: .test())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A node that follows the feed: what it sees never goes back, and comes in order.
                var (epochs, position): ([TenantID: Int64], Int64) = ([:], 0)
                while !Task.isCancelled {
                    for change in try await reader.changes(after: position, limit: 7) {
                        #expect(change.sequence > position)
                        position = change.sequence
                        guard case .changed(let tenant) = change else { continue }
                        #expect(tenant.placement.epoch >= epochs[tenant.id] ?? 0)
                        epochs[tenant.id] = tenant.placement.epoch
                    }
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { writers in
                for writer in 0..<6 {
                    writers.addTask {
                        var random = SeededRandom(writer + 1)
                        for _ in 0..<40 { try await change(stores[writer % 2], &random) }
                    }
                }
                try await writers.waitForAll()
            }
            group.cancelAll()
        }
        try await check(reader, url)
        for store in stores + [reader] { store.close() }
    }

    @Test("lose none of two changes of one tenant that are made at the same moment")
    func lostUpdate() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema("&application_name=lost-update")
        let stores = try (0..<2).map { _ in try PostgresStore(.patient(url), sealer: .test()) }
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let alias = TenantAlias(.connect, app: "app", name: "a")
        _ = try await stores[0].importTenants(
            [ImportedTenant(aliases: [alias], secret: nil, region: eu)], actor: "test")
        let tenant = try #require(try await stores[1].tenant(.alias(alias)))

        // Both have read what they read before either can write: a third holds the counter.
        let settings = PostgresSettings.patient(url)
        let third = PostgresConnection(settings, address: try PostgresAddress(url))
        try await third.open()
        try await third.withHandle { _ = try $0.runScript("BEGIN; UPDATE feed_counter SET seq = seq") }
        async let removal = stores[0].setState(.uninstalled, of: tenant.id, actor: "host")
        async let note = stores[1].noteHostRealm(us, of: tenant.id)
        let waiting = """
            SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'lost-update' AND wait_event_type = 'Lock'
            """
        while try await cluster.sql(waiting) != "2" {}
        try await third.withHandle { _ = try $0.runScript("ROLLBACK") }

        let changed = try await [removal, note]
        let after = try #require(try await stores[0].tenant(.id(tenant.id)))
        #expect(after.state == .uninstalled)
        #expect(after.hostRealm == us)
        #expect(after.sequence == changed.map(\.sequence).max())
        for store in stores { store.close() }
    }

    private func check(_ store: PostgresStore, _ url: String) async throws {
        let tenants = try await store.tenants(after: nil, limit: 100, filter: TenantFilter())
        for tenant in tenants {
            for alias in tenant.aliases { #expect(try await store.tenant(.alias(alias))?.id == tenant.id) }
        }
        let names = tenants.flatMap(\.aliases)
        #expect(Set(names).count == names.count)
        let schema = try #require(url.split(separator: "%3D").last)
        let cluster = try await PostgresCluster.shared()
        // No name and no waiting install is left behind without its tenant, and none is a tombstone's too.
        for table in ["tenant_aliases", "pending_installs", "pending_aliases"] {
            let orphans = try await cluster.sql(
                """
                SELECT COUNT(*) FROM \(schema).\(table) a LEFT JOIN \(schema).tenants t ON t.id = a.tenant_id \
                WHERE t.id IS NULL
                """)
            #expect(orphans == "0", "\(table)")
        }
        let both = try await cluster.sql(
            "SELECT COUNT(*) FROM \(schema).tombstones d JOIN \(schema).tenants t ON t.id = d.tenant_id")
        #expect(both == "0")
        let numbers = try await cluster.sql(
            "SELECT COUNT(*) - COUNT(DISTINCT seq) FROM \(schema).tenants")
        #expect(numbers == "0")
    }
}
