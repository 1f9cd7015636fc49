import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The files in config/")
struct ShippedConfigurationTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("config")

    static func files(_ suffix: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasSuffix(suffix) }.sorted { $0.path < $1.path }
    }

    @Test("every configuration is read, its declaration too, and the two fit")
    func everyOne() async throws {
        let files = try Self.files(".yaml")
        #expect(files.count >= 2)
        for file in files {
            let loaded = try ConfigurationFile.load(path: file.path, environment: [:])
            #expect(loaded.warnings.isEmpty)
            let settings = loaded.configuration
            let declaration = try await DeclarationFile.load(settings.app.declaration, remote: settings.app.remote) {
                _ in
                Issue.record("a shipped configuration needs no network")
                return []
            }
            let router = try makeRouterConfiguration(settings, declaration)
            #expect(router.endpoints.count == 3)
            #expect(Set(router.instances.keys.map(\.code)) == ["EU", "US"])
            #expect(router.defaultRegion.code == "EU")
        }
    }

    @Test("every declaration and configuration among them is one that these tests load")
    func noOther() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        let known = [
            "atlassian-connect.json", "gateway.forge.yaml", "gateway.postgres.yaml", "gateway.yaml", "manifest.yml",
        ]
        let suffixes = [".json", ".yaml", ".yml"]
        #expect(names.filter { name in suffixes.contains { name.hasSuffix($0) } } == known)
    }

    @Test("the reference is what the table of keys says")
    func reference() throws {
        let file = Self.folder.appendingPathComponent("reference.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(
            text == ConfigurationReference.markdown,
            "write it anew: residency-gateway check --reference > config/reference.md")
    }
}
