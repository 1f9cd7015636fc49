import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The check command")
struct GatewayCheckTests {
    private static let plain = TerminalStyle(isColoured: false)
    private static let descriptor = """
        {"key": "app", "baseUrl": "https://example.com", "authentication": {"type": "jwt"},
         "regionBaseUrls": {"EU": "https://eu.example.com", "US": "https://us.example.com"},
         "lifecycle": {"installed": "/installed"}}
        """

    /// Writes a configuration whose instances are at two ports, and returns what `check` finds.
    private func check(_ folder: borrowing ScratchFolder, eu: Int, us: Int, more: String = "") async throws
        -> CheckReport
    {
        try Data(Self.descriptor.utf8).write(to: URL(fileURLWithPath: folder.file("app.json")))
        let settings = """
            app:
              declaration: app.json
              instances: { EU: ["http://127.0.0.1:\(eu)"], US: ["http://127.0.0.1:\(us)"] }
            defaultRegion: EU
            \(more)
            """
        let file = folder.file("gateway.yaml")
        try Data(settings.utf8).write(to: URL(fileURLWithPath: file))
        return await GatewayCheck.run(file: file, environment: [:])
    }

    @Test("names what answers and what does not, and fails with 1")
    func instances() async throws {
        let folder = try ScratchFolder()
        let up = try await ScriptedServer { _ in .http(404, "no such page") }
        let redirecting = try await ScriptedServer { _ in .http(302, "", fields: ["location: /login"]) }
        let down = try await ScriptedServer { _ in .close }
        let fine = try await check(folder, eu: up.port, us: redirecting.port)
        #expect(fine.exitCode == 0, "\(fine.table(style: Self.plain))")
        #expect(fine.rows.filter { $0.what.hasPrefix("app instance") }.map(\.state) == [.fine, .fine])
        #expect(fine.table(style: Self.plain).hasSuffix("All is well."))

        let wrong = try await check(folder, eu: up.port, us: down.port)
        #expect(wrong.exitCode == 1)
        #expect(wrong.rows.filter { $0.state == .failed }.map(\.what) == ["app instance US"])
        #expect(wrong.table(style: Self.plain).contains("FAILED  "))
        for server in [up, redirecting, down] { try await server.stop() }
    }

    @Test("leaves no store and no key behind, and opens those that are there")
    func directory() async throws {
        let folder = try ScratchFolder()
        let server = try await ScriptedServer { _ in .http(200, "") }
        let first = try await check(folder, eu: server.port, us: server.port)
        #expect(first.rows.last?.state == .note)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["app.json", "gateway.yaml"])

        let key = Data(repeating: 7, count: 32).base64EncodedString()
        try Data(key.utf8).write(to: URL(fileURLWithPath: folder.file("residency.key")))
        let sealer = SecretSealer(try KeyRing(base64: key, origin: "the test"))
        try SQLiteStore(path: folder.file("residency.sqlite"), sealer: sealer).close()
        let second = try await check(folder, eu: server.port, us: server.port)
        #expect(second.rows.last?.state == .fine)
        #expect(second.rows.last?.detail.contains("holds 0 tenants") == true)

        try Data("no directory of ours, and longer than a header".utf8).write(
            to: URL(fileURLWithPath: folder.file("other.sqlite")))
        let third = try await check(
            folder, eu: server.port, us: server.port, more: "directory: { path: other.sqlite }")
        #expect(third.rows.last?.state == .failed)
        #expect(third.exitCode == 1)
        try await server.stop()
    }

    @Test("of a wrong configuration says where it is wrong, and fails with 78")
    func wrong() async throws {
        let folder = try ScratchFolder()
        let report = try await check(folder, eu: 1, us: 2, more: "listen: { prot: 1 }\nadmin: { port: x }")
        #expect(report.exitCode == 78)
        #expect(report.complaints.count == 2)
        #expect(
            report.table(style: Self.plain).contains(
                "gateway.yaml:5:11: listen.prot: is not a key; did you mean `port`?"))
        #expect(report.table(style: Self.plain).hasSuffix("The configuration is wrong in 2 places."))

        struct Document: Decodable {
            struct Item: Decodable {
                let line: Int
                let column: Int
                let field: String
            }
            let ok: Bool
            let complaints: [Item]
        }
        let document = try JSONDecoder().decode(Document.self, from: Data(report.json.utf8))
        #expect(!document.ok)
        #expect(document.complaints.map(\.field) == ["listen.prot", "admin.port"])
        #expect(document.complaints.map(\.line) == [5, 6])
    }

    @Test("needs the key of the cookie where the cookie is on")
    func cookieKey() async throws {
        let folder = try ScratchFolder()
        let on = "identify: { cookie: { enabled: true, keyFile: cookie.key } }"
        let missing = try await check(folder, eu: 1, us: 2, more: on)
        #expect(missing.complaints.map(\.field) == ["identify.cookie.keyFile"])
        try Data("c2hvcnQ=".utf8).write(to: URL(fileURLWithPath: folder.file("cookie.key")))
        let short = try await check(folder, eu: 1, us: 2, more: on)
        #expect(short.complaints.first?.sentence.contains("holds no key") == true)
        try Data(Data(repeating: 1, count: 32).base64EncodedData() + Data("\n".utf8)).write(
            to: URL(fileURLWithPath: folder.file("cookie.key")))
        #expect(try await check(folder, eu: 1, us: 2, more: on).complaints.isEmpty)
    }

    @Test("reads the descriptor from the running app, on a private address too")
    func runningApp() async throws {
        let folder = try ScratchFolder()
        let app = try await ScriptedServer { request in
            request.hasPrefix("GET /atlassian-connect.json ") ? .http(200, Self.descriptor) : .http(404, "")
        }
        func report(_ path: String) async throws -> CheckReport {
            let settings = """
                app:
                  declaration: \(app.url)\(path)
                  instances: { EU: ["\(app.url)"], US: ["\(app.url)"] }
                defaultRegion: EU
                """
            try Data(settings.utf8).write(to: URL(fileURLWithPath: folder.file("gateway.yaml")))
            return await GatewayCheck.run(file: folder.file("gateway.yaml"), environment: [:])
        }
        #expect(try await report("/atlassian-connect.json").exitCode == 0)
        let missing = try await report("/elsewhere.json")
        #expect(missing.exitCode == 78)
        #expect(missing.complaints.first?.sentence.contains("status 404") == true)
        try await app.stop()
    }

    @Test("prints the lines of the manifest for a Forge app")
    func forge() async throws {
        let file = ShippedConfigurationTests.folder.appendingPathComponent("gateway.forge.yaml").path
        let report = await GatewayCheck.run(file: file, environment: [:])
        #expect(report.table(style: Self.plain).contains("      EU: \"https://eu.sample.example.com\"\n"))
        #expect(report.json.contains("\"manifest\""))
    }
}
