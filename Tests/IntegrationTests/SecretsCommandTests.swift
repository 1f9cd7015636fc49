import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("secrets, as a process of its own", .timeLimit(.minutes(3)))
struct SecretsCommandTests {
    private static let tenants = 20_000

    private func key(_ byte: UInt8) -> String { Data(repeating: byte, count: 32).base64EncodedString() }

    /// A copy of the site's configuration with other keys.
    private func configuration(_ site: GatewaySite, secrets: String) throws -> String {
        let path = site.settings.file("rotated.yaml")
        let text = try String(contentsOfFile: site.config, encoding: .utf8)
        let changed = text.replacing("secrets:   { keyFile: residency.key }", with: "secrets: \(secrets)")
        try #require(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func objects(_ text: String) -> [JSONValue] {
        text.split(separator: "\n").compactMap { JSONValue(Array($0.utf8)) }
    }

    @Test("rotate is killed and repeated while a gateway serves, and loses no secret", arguments: [false, true])
    func killed(onPostgres: Bool) async throws {
        let site = try await GatewaySite()
        var environment = ["RESIDENCY_SECRETS_KEY": key(1), "NEW_KEY": key(2)]
        if onPostgres {
            environment["RESIDENCY_DIRECTORY_STORE"] = "postgres"
            environment["RESIDENCY_DIRECTORY_URL"] = try await PostgresCluster.shared().newSchema()
            environment["RESIDENCY_DIRECTORY_STATEMENT_TIMEOUT"] = "60s"
        }
        let file = site.settings.file("tenants.ndjson")
        let lines = (0..<Self.tenants).map { #"{"clientKey":"t\#($0)","sharedSecret":"s\#($0)","region":"EU"}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
        let imported = try await ChildProcess.run(
            ["tenants", "import", file, "--config", site.config], environment: environment)
        #expect(imported.status == 0, "\(imported.errors)")

        let config = try configuration(
            site, secrets: "{ current: new, keys: [{ name: new, command: [printenv, NEW_KEY] }] }")
        let gateway = try ChildProcess(["serve", "--config", config], environment: environment)
        let serving = await gateway.line()
        try #require(GatewaySite.member("event", of: serving) == "serving")
        #expect(try await site.host(["install", "--site", "alpha", "--region", "US"]).status == 0)
        let rotate = ["secrets", "rotate", "--json", "--config", config]
        for _ in 0..<2 {
            let killed = try ChildProcess(rotate, environment: environment)
            for _ in 0..<3 { _ = await killed.line() }
            killed.killAtOnce()
            #expect(await killed.ending().status == -SIGKILL)
            #expect(try await site.host(["page", "--site", "alpha"]).status == 0)
        }
        let half = try await ChildProcess.run(
            ["secrets", "status", "--json", "--config", config], environment: environment)
        let counts = objects(half.output).compactMap { $0["secrets"] }
        #expect(counts.count == 2 && !counts.contains(.number(0)), "\(half.output)")

        let whole = try await ChildProcess.run(rotate, environment: environment)
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(objects(whole.output).last?["inUse"] == .array([]))
        #expect(objects(whole.output).last?["retired"]?.elements.count == 1)
        #expect(try await site.host(["page", "--site", "alpha"]).status == 0)
        gateway.terminate()
        let ending = await gateway.ending()
        #expect(ending.status == 0)

        // Without the old key: every secret is as it was.
        environment["RESIDENCY_SECRETS_KEY"] = key(2)
        let exported = try await ChildProcess.run(
            ["tenants", "export", "--secrets", "--config", site.config], environment: environment)
        let secrets = objects(exported.output).reduce(into: [String: String]()) { found, line in
            found[line["clientKey"]?.text ?? ""] = line["sharedSecret"]?.text
        }
        #expect(secrets.count == Self.tenants + 1, "\(exported.errors)")
        #expect((0..<Self.tenants).allSatisfy { secrets["t\($0)"] == "s\($0)" })
        for said in [whole.output, whole.errors, half.output, half.errors, ending.errors] {
            #expect(!said.contains(key(1)) && !said.contains(key(2)))
        }
    }

    @Test("status without the key that secrets are sealed with says which is missing")
    func missingKey() async throws {
        let site = try await GatewaySite()
        let first = ["RESIDENCY_SECRETS_KEY": key(1)]
        let gateway = try ChildProcess(["serve", "--config", site.config], environment: first)
        _ = await gateway.line()
        let status = try await ChildProcess.run(
            ["secrets", "status", "--json", "--config", site.config], environment: first)
        let id = try #require(objects(status.output).first?["key"]?.text)
        gateway.terminate()
        _ = await gateway.ending()
        let other = try await ChildProcess.run(
            ["secrets", "status", "--config", site.config], environment: ["RESIDENCY_SECRETS_KEY": key(2)])
        #expect(other.status == 78)
        #expect(other.errors.contains(id))
        #expect(other.errors.contains("secrets.keys"))
    }
}
