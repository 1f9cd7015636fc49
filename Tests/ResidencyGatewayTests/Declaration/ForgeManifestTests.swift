import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("A Forge manifest")
struct ForgeManifestTests {
    private static let app = "app: { id: \"ari:cloud:ecosystem::app/1\" }\n"

    @Test("gives the app, the remote's URLs, and what its Connect modules declare")
    func whole() async throws {
        let file = ShippedConfigurationTests.folder.appendingPathComponent("manifest.yml")
        let declaration = try await DeclarationFile.load(file.path, remote: nil) { _ in [] }
        #expect(declaration.framework == .forge)
        #expect(declaration.forgeAppID == "ari:cloud:ecosystem::app/2a1b6f0e-0b52-4c63-9d4c-0e3f5a7c9b11")
        #expect(declaration.appKey == "com.example.residency-sample")
        #expect(declaration.remoteKey == "backend")
        #expect(declaration.baseURL.description == "https://sample.example.com")
        #expect(declaration.regionBaseURLs.keys.map(\.code).sorted() == ["EU", "US"])
        #expect(declaration.lifecyclePaths == [.installed: "/installed", .uninstalled: "/uninstalled"])
        #expect(declaration.declaredCalls.map { "\($0.method) \($0.path)" } == ["GET /page", "POST /webhooks/issue"])
        #expect(declaration.migrationPath == "/.residency/migration")
        #expect(declaration.maxMigrationDurationHours == 1.5)
    }

    @Test("may have one URL for all realms, and one remote without a word about it")
    func oneURL() throws {
        let declaration = try DeclarationFile.read(
            Self.app + "remotes: [{ key: r, baseUrl: \"https://example.com\" }]", source: "manifest.yml", remote: nil)
        #expect(declaration.baseURL.description == "https://example.com")
        #expect(declaration.regionBaseURLs.isEmpty)
        #expect(declaration.remoteKey == "r")
        #expect(declaration.appKey == nil)
    }

    @Test("with several remotes follows app.remote, then app.connect.remote")
    func chosen() throws {
        let remotes =
            "remotes: [{ key: a, baseUrl: \"https://a.example.com\" }, "
            + "{ key: b, baseUrl: \"https://b.example.com\" }]\n"
        let named = try DeclarationFile.read(Self.app + remotes, source: "manifest.yml", remote: "b")
        #expect(named.baseURL.host == "b.example.com")
        let connected = try DeclarationFile.read(
            "app: { id: \"ari:cloud:ecosystem::app/1\", connect: { key: k, remote: b } }\n" + remotes
                + "connectModules: { \"jira:lifecycle\": [{ key: l, installed: /installed }] }",
            source: "manifest.yml", remote: nil)
        #expect(connected.baseURL.host == "b.example.com")
        let error = #expect(throws: Complaints.self) {
            try DeclarationFile.read(Self.app + remotes, source: "manifest.yml", remote: "c")
        }
        #expect(error?.list.map(\.sentence) == ["has no remote `c`, which app.remote names; it has `a`, `b`"])
    }

    @Test("takes the data residency module as a list or alone")
    func migration() throws {
        for module in ["{ key: m, remote: r, path: /move }", "[{ key: m, remote: r, path: /move }]"] {
            let declaration = try DeclarationFile.read(
                Self.app + "remotes: [{ key: r, baseUrl: \"https://example.com\" }]\n"
                    + "modules: { \"migration:dataResidency\": \(module) }", source: "manifest.yml", remote: nil)
            #expect(declaration.migrationPath == "/move")
            #expect(declaration.migrationKey == "m")
        }
    }

    @Test("is answered with the lines that put the gateway in front")
    func lines() async throws {
        let folder = ShippedConfigurationTests.folder
        let settings = try ConfigurationFile.load(
            path: folder.appendingPathComponent("gateway.forge.yaml").path, environment: [:]
        ).configuration
        let declaration = try await DeclarationFile.load(settings.app.declaration, remote: "backend") { _ in [] }
        let router = try makeRouterConfiguration(settings, declaration)
        let lines = ForgeManifestLines.text(of: declaration, endpoints: router.endpoints, configuration: settings)
        #expect(
            lines == """
                remotes:
                  - key: backend
                    baseUrl:
                      default: "https://sample.example.com"
                      EU: "https://eu.sample.example.com"
                      US: "https://us.sample.example.com"
                modules:
                  migration:dataResidency:
                    - key: move-data
                      remote: backend
                      path: /.residency/migration
                      maxMigrationDurationHours: 1.5

                """)
        // What is printed is a manifest that reads back as the same URLs.
        let again = try DeclarationFile.read(Self.app + (lines ?? ""), source: "printed", remote: nil)
        #expect(again.regionBaseURLs == declaration.regionBaseURLs)
    }
}
