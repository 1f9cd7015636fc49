import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway
@testable import TenantDirectory

@Suite("The check command, of a directory on PostgreSQL", .timeLimit(.minutes(2)))
final class CheckedDirectoryTests {
    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    private let folder: ScratchFolder
    private let app: ScriptedServer

    init() async throws {
        folder = try ScratchFolder()
        app = try await ScriptedServer { _ in .http(404, "") }
        let descriptor = """
            {"key": "app", "baseUrl": "https://example.com", "authentication": {"type": "jwt"},
             "regionBaseUrls": {"EU": "https://eu.example.com"}, "lifecycle": {"installed": "/installed"}}
            """
        let settings = """
            app: { declaration: app.json, instances: { EU: ["\(app.url)"] } }
            directory: { store: postgres }
            secrets: { keyFile: residency.key }
            """
        for (name, text) in [("app.json", descriptor), ("gateway.yaml", settings), ("residency.key", Self.key)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
        }
    }

    private func check(_ url: String) async -> (rows: [CheckReport.Row], exitCode: Int32) {
        let report = await GatewayCheck.run(
            file: folder.file("gateway.yaml"), environment: ["RESIDENCY_DIRECTORY_URL": url])
        return (report.rows.filter { $0.what == "directory" }, report.exitCode)
    }

    @Test("warns of one that can lose its last changes, and fails for a standby, which takes none")
    func replication() async throws {
        let primary = try await PostgresCluster.own()
        let before = await check(primary.url())
        #expect(before.exitCode == 0)
        #expect(before.rows.map(\.state) == [.note, .note])
        #expect(before.rows.first?.detail.contains("the first start makes the tables") == true)
        #expect(before.rows.last?.detail.contains("synchronous_standby_names") == true)
        let sealer = SecretSealer(try KeyRing(base64: Self.key, origin: "the test"))
        let store = try PostgresStore(.patient(primary.url()), sealer: sealer)
        try await store.prepare()

        let standby = try await primary.standby()
        let alone = await check(standby.url())
        #expect(alone.exitCode == 1)
        #expect(alone.rows.map(\.state) == [.failed])
        #expect(alone.rows.first?.detail.contains("target_session_attrs=read-write") == true)

        try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        try await primary.sql("SELECT pg_reload_conf()")
        while try await store.serverFacts().synchronousStandbys != "ANY 1 (*)" {}
        let hosts = "@127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)/"
        let both = primary.url("&target_session_attrs=read-write")
            .replacing("@127.0.0.1:\(primary.port)/", with: hosts)
        let safe = await check(both)
        #expect(safe.rows.map(\.state) == [.fine], "\(safe.rows)")
        #expect(safe.exitCode == 0)
        store.close()
        standby.end()
        primary.end()
    }

    @Test("says what to do about a password, a database and a server that are not right")
    func wrong() async throws {
        let cluster = try await PostgresCluster.shared()
        let gone = try ReservedPort()
        for (url, said) in [
            (cluster.url(password: "n0t-the-word"), "PGPASSFILE"),
            (cluster.url().replacing("/postgres?", with: "/nowhere?"), "createdb"),
            ("postgresql://u:s3cr3t@127.0.0.1:\(gone.port)/d?sslmode=disable", "Start its server"),
        ] {
            let found = await check(url)
            #expect(found.exitCode == 1)
            #expect(found.rows.map(\.state) == [.failed])
            #expect(found.rows.first?.detail.contains(said) == true, "\(found.rows)")
            #expect(found.rows.first?.detail.contains("s3cr3t") == false)
        }
    }
}
