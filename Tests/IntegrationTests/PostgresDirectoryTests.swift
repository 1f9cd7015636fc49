import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("A gateway on PostgreSQL, as a process of its own", .timeLimit(.minutes(3)))
struct PostgresDirectoryTests {
    /// A site whose gateways share a directory, and the environment that says so.
    private func site(_ url: String) async throws -> (site: GatewaySite, environment: [String: String]) {
        let site = try await GatewaySite()
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        return (
            site,
            [
                "RESIDENCY_DIRECTORY_STORE": "postgres", "RESIDENCY_DIRECTORY_URL": url, "RESIDENCY_SECRETS_KEY": key,
                "RESIDENCY_DIRECTORY_STATEMENT_TIMEOUT": "60s",
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
