import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("A gateway on PostgreSQL, as a process of its own", .timeLimit(.minutes(3)))
struct PostgresDirectoryTests {
    /// A site whose gateways share a directory, and the environment that says so.
    private func site(_ url: String) async throws -> (site: GatewaySite, environment: [String: String]) {
        let site = try await GatewaySite()
        let mirror = site.settings.file("mirror.sqlite")
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        return (
            site,
            [
                "RESIDENCY_DIRECTORY_STORE": "postgres", "RESIDENCY_DIRECTORY_URL": url, "RESIDENCY_SECRETS_KEY": key,
                "RESIDENCY_DIRECTORY_STATEMENT_TIMEOUT": "60s", "RESIDENCY_MIRROR_PATH": mirror,
            ]
        )
    }

    private func serve(_ site: GatewaySite, _ environment: [String: String]) async throws -> ChildProcess {
        let gateway = try ChildProcess(["serve", "--config", site.config], environment: environment)
        let line = await gateway.line()
        guard GatewaySite.member("event", of: line) == "serving" else {
            gateway.killAtOnce()
            Issue.record("did not serve: \(await gateway.ending().errors)")
            throw CancellationError()
        }
        return gateway
    }

    private func command(
        _ arguments: [String], _ site: GatewaySite, _ environment: [String: String]
    ) async throws -> ChildProcess.Ending {
        try await ChildProcess.run(arguments + ["--config", site.config], environment: environment)
    }

    @Test("keeps installs there, finds them after a restart, and shows them by the commands")
    func lifeOfASite() async throws {
        let (site, environment) = try await site(try await PostgresCluster.shared().newSchema())
        let nothing = try await command(["tenants", "list"], site, environment)
        #expect(nothing.status != 0)
        #expect(nothing.errors.contains("no directory"))
        let before = try await command(["check"], site, environment)
        #expect(before.output.contains("the first start makes the tables"))

        let first = try await serve(site, environment)
        #expect(try await site.host(["install", "--site", "alpha", "--region", "US"]).status == 0)
        first.killAtOnce()
        _ = await first.ending()
        let second = try await serve(site, environment)
        let page = try await site.host(["page", "--site", "alpha"])
        #expect(GatewaySite.member("region", of: page.output) == "US")
        let list = try await command(["tenants", "list", "--json"], site, environment)
        #expect(list.output.contains("\"US\""))
        let check = try await command(["check"], site, environment)
        #expect(check.output.contains("holds 1 tenants"))
        #expect(check.status == 0)
        second.terminate()
        let ending = await second.ending()
        #expect(ending.status == 0)
        for said in [list.errors, list.output, check.output, check.errors, ending.errors] {
            #expect(!said.contains(PostgresCluster.password))
        }
    }

    @Test("answers for tenants it knows while the server is away, and takes installs when it is back")
    func away() async throws {
        let cluster = try await PostgresCluster.own()
        let (site, environment) = try await site(cluster.url())
        let gateway = try await serve(site, environment)
        #expect(try await site.host(["install", "--site", "alpha", "--region", "EU"]).status == 0)
        #expect(try await site.host(["page", "--site", "alpha"]).status == 0)
        try await cluster.stop()
        for _ in 0..<3 { #expect(try await site.host(["page", "--site", "alpha"]).status == 0) }
        let refused = try await site.host(["install", "--site", "beta", "--region", "EU"])
        #expect(JSONValue(Array(refused.output.utf8))?["status"] == .number(503))
        try await cluster.start()
        while try await site.host(["install", "--site", "beta", "--region", "EU"]).status != 0 {}
        #expect(try await site.host(["page", "--site", "beta"]).status == 0)
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
        cluster.end()
    }

    @Test("starts while the server is away, serves who it knew, refuses installs, and goes on when the server is back")
    func startsWhileAway() async throws {
        let cluster = try await PostgresCluster.own()
        let (site, environment) = try await site(cluster.url())
        let first = try await serve(site, environment)
        #expect(try await site.host(["install", "--site", "alpha", "--region", "EU"]).status == 0)
        #expect(try await site.host(["page", "--site", "alpha"]).status == 0)
        try await cluster.stop()
        first.terminate()
        #expect(await first.ending().status == 0)

        let second = try ChildProcess(["serve", "--config", site.config], environment: environment)
        let line = await second.line()
        let admin = try #require(GatewaySite.member("admin", of: line), "did not serve without the directory")
        #expect(GatewaySite.member("region", of: try await site.host(["page", "--site", "alpha"]).output) == "EU")
        #expect(try await site.host(["webhook", "--site", "alpha"]).status == 0)
        let refused = try await site.host(["install", "--site", "beta", "--region", "EU"])
        #expect(JSONValue(Array(refused.output.utf8))?["status"] == .number(503))
        for _ in 0..<2 {
            let unsure = try await site.host(["page", "--site", "alpha", "--flaw", "forged"])
            let status = JSONValue(Array(unsure.output.utf8))?["status"]
            #expect(status == .number(503), "the secret may have been rotated elsewhere")
        }
        let ready = try await readiness(admin)
        #expect(ready.status == 200)
        #expect(ready.text.contains("cannot be reached"))

        try await cluster.start()
        while try await site.host(["install", "--site", "beta", "--region", "US"]).status != 0 {}
        #expect(try await site.host(["page", "--site", "beta"]).status == 0)
        var nodes = JSONValue.null
        while nodes["state"]?.text != "serving" {
            let list = try await command(["nodes", "list", "--json"], site, environment)
            nodes = JSONValue(Array(list.output.utf8)) ?? .null
        }
        #expect(nodes["silent"] == .bool(false))
        second.killAtOnce()
        _ = await second.ending()
        let third = try await serve(site, environment)
        #expect(try await site.host(["page", "--site", "beta"]).status == 0)
        third.terminate()
        #expect(await third.ending().status == 0)
        #expect(try await command(["nodes", "list", "--json"], site, environment).output.isEmpty)
        cluster.end()
    }

    @Test("does not begin with a server that takes no changes, and says what to put in its place")
    func standby() async throws {
        let primary = try await PostgresCluster.own()
        let (site, environment) = try await site(primary.url())
        let gateway = try await serve(site, environment)
        gateway.killAtOnce()
        _ = await gateway.ending()
        let standby = try await primary.standby()
        var other = environment
        other["RESIDENCY_DIRECTORY_URL"] = standby.url()
        other["RESIDENCY_MIRROR_PATH"] = site.settings.file("other.sqlite")
        let ending = try await command(["serve"], site, other)
        #expect(ending.status == 1)
        #expect(ending.errors.contains("target_session_attrs=read-write"), "\(ending.errors)")

        // Of the node that was killed: its clock, as it would have told.
        try await primary.sql("UPDATE nodes SET clock_skew = 8600")
        let list = try await command(["nodes", "list"], site, environment)
        #expect(list.output.contains("+9 s"))
        #expect(list.errors.contains("node demo-1 is 9 s ahead of the directory's"), "\(list.errors)")
        standby.end()
        primary.end()
    }

    @Test("refuses a node whose name another has, and one that shares a mirror")
    func oneName() async throws {
        let (site, environment) = try await site(try await PostgresCluster.shared().newSchema())
        let first = try await serve(site, environment)
        let shared = try await command(["serve"], site, environment)
        #expect(shared.status == 1)
        #expect(shared.errors.contains("mirror.path"))
        var other = environment
        other["RESIDENCY_MIRROR_PATH"] = site.settings.file("other.sqlite")
        let named = try await command(["serve"], site, other)
        #expect(named.status == 1)
        #expect(named.errors.contains("node.id"))
        #expect(named.errors.contains("nodes remove"))
        let unknown = try await command(["nodes", "remove", "nobody"], site, environment)
        #expect(unknown.status == 1)
        first.killAtOnce()
        _ = await first.ending()
        #expect(try await command(["nodes", "remove", "demo-1"], site, environment).status == 0)
        other["RESIDENCY_LISTEN_PORT"] = "0"
        let second = try await serve(site, other)
        let list = try await command(["nodes", "list", "--json"], site, environment)
        let states = list.output.split(separator: "\n").map { JSONValue(Array($0.utf8))?["state"]?.text }
        #expect(Set(states) == ["silent", "serving"])
        #expect(list.errors.contains("silent"))
        second.terminate()
        #expect(await second.ending().status == 0)
    }

    private func readiness(_ admin: String) async throws -> RawResponse {
        let port = try #require(admin.split(separator: ":").last.flatMap { Int($0) })
        return try await BlockingExecutor.run {
            let socket = try RawSocket(port: port)
            try socket.send("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return try socket.receiveResponse()
        }
    }

    @Test("does not serve with a wrong password, says what to do, and shows no password")
    func wrongPassword() async throws {
        let (site, environment) = try await site(try await PostgresCluster.shared().url(password: "n0t-the-word"))
        for arguments in [["serve"], ["check"], ["tenants", "list"]] {
            let ending = try await command(arguments, site, environment)
            #expect(ending.status != 0)
            #expect((ending.errors + ending.output).contains("PGPASSFILE"))
            #expect(!(ending.errors + ending.output).contains("n0t-the-word"))
        }
    }
}
