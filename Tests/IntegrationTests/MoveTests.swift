import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway

/// Two gateways, one a region, with a directory, an app instance and a database of the app's each.
private final class MoveFleet: Sendable {
    let folder: ScratchFolder
    let cluster: PostgresCluster
    let databases: [String: String]
    private let keys: ChildProcess
    private let apps: [ChildProcess]
    private let environment: [String: String]
    let ports: [String: ReservedPort]
    private let peers: [String: ReservedPort]

    init() async throws {
        folder = try ScratchFolder()
        cluster = try await PostgresCluster.sharedForDecoding()
        var databases: [String: String] = [:]
        for code in ["EU", "US"] { databases[code] = try await cluster.newDatabase() }
        self.databases = databases
        ports = ["EU": try ReservedPort(), "US": try ReservedPort()]
        peers = ["EU": try ReservedPort(), "US": try ReservedPort()]
        keys = try ChildProcess(["host", "serve-keys", "--port", "0", "--state", folder.file("host.json"), "--json"])
        let keysURL = try #require(GatewaySite.member("installKeysUrl", of: await keys.line()))
        var environment = [
            "RESIDENCY_SECRETS_KEY": Data((0..<32).map { UInt8($0) }).base64EncodedString(),
            "PGPASSWORD": PostgresCluster.password,
            "RESIDENCY_DIRECTORY_URL": cluster.url(database: try await cluster.newDatabase()),
        ]
        var (apps, addresses): ([ChildProcess], [String: String]) = ([], [:])
        for code in ["EU", "US"] {
            let url = cluster.url(database: databases[code] ?? "")
            environment["\(code)_DATABASE"] = url
            let app = try ChildProcess(["sample-app", "--port", "0", "--name", code, "--database", url])
            addresses[code] = GatewaySite.member("listen", of: await app.line())
            apps.append(app)
        }
        (self.apps, self.environment) = (apps, environment)
        let descriptor = SampleDescriptor.value(
            baseURL: url("EU", host: "127.0.0.1"), regionBaseURLs: ["EU": url("EU"), "US": url("US")])
        try Data(descriptor.encoded(pretty: true)).write(
            to: URL(fileURLWithPath: folder.file("atlassian-connect.json")))
        for code in ["EU", "US"] { try write(code, app: addresses[code] ?? "", keysURL: keysURL) }
    }

    deinit {
        for process in apps + [keys] { process.killAtOnce() }
    }

    func url(_ code: String, host: String? = nil) -> String {
        "http://\(host ?? "\(code.lowercased()).localhost"):\(ports[code]?.port ?? 0)"
    }

    func config(_ code: String) -> String { folder.file("\(code).yaml") }

    private func write(_ code: String, app: String, keysURL: String) throws {
        let other = code == "EU" ? "US" : "EU"
        let text = """
            node:      { id: \(code.lowercased())-1, regions: [\(code)] }
            app:       { declaration: atlassian-connect.json, instances: { \(code): ["http://\(app)"] } }
            listen:    { host: 127.0.0.1, port: \(ports[code]?.port ?? 0) }
            peers:
              listen:  { host: 127.0.0.1, port: \(peers[code]?.port ?? 0) }
              \(other):      ["http://127.0.0.1:\(peers[other]?.port ?? 0)"]
            admin:     { host: 127.0.0.1, port: 0 }
            directory: { store: postgres, statementTimeout: 60s }
            mirror:    { path: \(code).mirror }
            connect:   { installKeysUrl: "\(keysURL)" }
            outbound:  { allow: [127.0.0.1] }
            log:       { access: false }
            stores:
              - name: main
                kind: postgres
                urls: { \(code): $\(code)_DATABASE }
                tables: { note: tenant, tenant: name }
                activates: [tenant]
            migration: { deadline: 20s, pauseBudget: 20s, drainBudget: 900ms }
            defaultRegion: EU

            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: config(code)))
    }

    func serve(_ code: String) async throws -> ChildProcess {
        let gateway = try ChildProcess(["serve", "--config", config(code)], environment: environment)
        guard GatewaySite.member("event", of: await gateway.line()) == "serving" else {
            gateway.killAtOnce()
            Issue.record("did not serve: \(await gateway.ending().errors)")
            throw CancellationError()
        }
        return gateway
    }

    func command(_ arguments: [String]) async throws -> ChildProcess.Ending {
        try await ChildProcess.run(arguments + ["--config", config("EU")], environment: environment)
    }

    func host(_ arguments: [String], at code: String = "EU") async throws -> ChildProcess.Ending {
        try await ChildProcess.run(
            ["host"] + arguments
                + ["--gateway", url(code, host: "127.0.0.1"), "--state", folder.file("host.json"), "--json"])
    }

    /// What the app's tables hold of all tenants in a region.
    func rows(_ code: String) async throws -> String {
        try await cluster.sql(
            "SELECT (SELECT count(*) FROM note) || ' notes, ' || (SELECT count(*) FROM tenant) || ' tenants'",
            in: databases[code] ?? "")
    }
}

@Suite("A move between two gateways", .timeLimit(.minutes(4)))
struct MoveTests {
    @Test("takes the tenant's rows to the other region and back, by commands alone", arguments: ["live", "offline"])
    func thereAndBack(_ mode: String) async throws {
        let fleet = try await MoveFleet()
        let gateways = [try await fleet.serve("EU"), try await fleet.serve("US")]
        #expect(try await fleet.host(["install", "--site", "alpha", "--region", "EU"]).status == 0)
        let list = try await fleet.command(["tenants", "list", "--json"])
        let tenant = try #require(GatewaySite.member("id", of: list.output))
        try await fleet.cluster.sql(
            """
            INSERT INTO note SELECT t.name, gen_random_uuid(), 'note ' || i, now()
            FROM tenant t, generate_series(1, 500) i
            """, in: fleet.databases["EU"] ?? "")
        let plan = try await fleet.command(["migrate", "plan", tenant, "--to", "US", "--mode", mode])
        #expect(plan.status == 0, "\(plan.output) \(plan.errors)")
        let start = try await fleet.command(["migrate", "start", tenant, "--to", "US", "--mode", mode, "--watch"])
        #expect(start.status == 0, "\(start.output) \(start.errors)")
        #expect(try await fleet.rows("US") == "500 notes, 1 tenants")
        // The host still calls the old region's gateway: it passes the call on.
        let page = try await fleet.host(["page", "--site", "alpha"])
        #expect(page.status == 0, "\(page.output)")
        let receipt = try await fleet.command(["migrate", "receipt", tenant])
        #expect(receipt.output.contains("hmac-sha256"))
        let back = try await fleet.command(["migrate", "start", tenant, "--to", "EU", "--watch"])
        #expect(back.status == 0, "\(back.output) \(back.errors)")
        #expect(try await fleet.rows("EU") == "500 notes, 1 tenants")
        for gateway in gateways { gateway.terminate() }
        for gateway in gateways { #expect(await gateway.ending().status == 0) }
    }
}
