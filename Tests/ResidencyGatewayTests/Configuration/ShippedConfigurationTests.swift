import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing
import Yams

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
        let files = try Self.files(".yaml").filter { $0.lastPathComponent.hasPrefix("gateway") }
        #expect(files.count >= 2)
        for file in files {
            let (_, router) = try await Self.load(file.path)
            #expect(router.endpoints.count == 3)
            #expect(Set(router.instances.keys.map(\.code)) == ["EU", "US"])
            #expect(router.defaultRegion.code == "EU")
        }
    }

    @Test("each region of the fleet has one that is read and fits, and differs from the others in its own region alone")
    func regions() async throws {
        let folder = Self.folder.appendingPathComponent("regions")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.sorted() == ["de.yaml", "eu.yaml", "us.yaml"])
        var shared: Set<String> = []
        for name in files {
            let path = folder.appendingPathComponent(name).path
            let (settings, router) = try await Self.load(path)
            let code = name.prefix(2).uppercased()
            #expect(router.instances.keys.map(\.code) == [code])
            #expect(router.endpoints.map(\.region.code).sorted() == ["DE", "EU", "GLOBAL", "US"])
            #expect(settings.node.id == "\(name.prefix(2))-1")
            #expect(Set(router.peers.addresses.keys.map(\.code)) == Set(["EU", "US", "DE"]).subtracting([code]))
            let text = try String(contentsOfFile: path, encoding: .utf8)
                .split(separator: "\n").filter { !$0.contains(".gateways.internal") }.joined(separator: "\n")
            shared.insert(text.replacing(code, with: "XX").replacing("\(name.prefix(2))-1", with: "xx-1"))
        }
        // The default region, EU, is the same in all.
        #expect(Set(shared.map { $0.split(separator: "\ndefaultRegion").first ?? "" }).count == 1)
    }

    @Test("the one in the Kubernetes manifests is read and fits, and the time to stop is longer than its drain")
    func kubernetes() async throws {
        let file = Self.folder.appendingPathComponent("deploy/kubernetes.yaml")
        let documents = Array(try Yams.compose_all(yaml: String(contentsOf: file, encoding: .utf8)))
        #expect(
            documents.compactMap { $0["kind"]?.string } == [
                "Namespace", "ConfigMap", "Issuer", "Certificate", "Certificate", "Service", "Service", "Service",
                "PodDisruptionBudget", "StatefulSet",
            ])
        let folder = try ScratchFolder()
        let data = documents.compactMap { $0["data"]?.mapping }
        for (name, text) in try #require(data.first) {
            let path = folder.file(try #require(name.string))
            try Data(try #require(text.string).utf8).write(to: URL(fileURLWithPath: path))
        }
        let (settings, router) = try await Self.load(folder.file("gateway.yaml"))
        #expect(router.instances.keys.map(\.code) == ["EU"])
        let pod = try #require(documents.last?["spec"]?["template"]?["spec"])
        #expect(pod["enableServiceLinks"]?.bool == false)
        let stop = settings.drain.delay + settings.limits.drainTimeout + .seconds(10)
        #expect(Duration.seconds(try #require(pod["terminationGracePeriodSeconds"]?.int)) >= stop)
        #expect(settings.probes.port == 8_082)
        // Every file of a certificate is one of a secret that cert-manager fills and the pod mounts.
        let mounts = try #require(pod["containers"]?[0]?["volumeMounts"]?.array()).compactMap {
            $0["mountPath"]?.string
        }
        let both = try #require(settings.peers.tls.both)
        let shown = settings.listenTLS.certificates.flatMap { [$0.chainFile, $0.keyFile] }
        #expect(shown.count == 2)
        for file in shown + both.client.files {
            #expect(mounts.contains { file.hasPrefix("\($0)/") }, "\(file)")
        }
        let made = documents.compactMap { $0["spec"]?["secretName"]?.string }
        let mounted = (pod["volumes"]?.array() ?? []).compactMap { $0["secret"]?["secretName"]?.string }
        #expect(made.sorted() == mounted.sorted())
        #expect(!router.peers.addresses.values.joined().contains { !$0.isSecure })
    }

    /// The configuration in a file, and what the router is told by it and its declaration.
    private static func load(_ path: String) async throws -> (GatewayConfiguration, RouterConfiguration) {
        let loaded = try ConfigurationFile.load(path: path, environment: [:])
        #expect(loaded.warnings.isEmpty)
        let settings = loaded.configuration
        let declaration = try await DeclarationFile.load(settings.app.declaration, remote: settings.app.remote) { _ in
            Issue.record("a shipped configuration needs no network")
            return []
        }
        return (settings, try makeRouterConfiguration(settings, declaration))
    }

    @Test("every declaration and configuration among them is one that these tests load")
    func noOther() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        let known = [
            "atlassian-connect.json", "gateway.forge.yaml", "gateway.postgres.yaml", "gateway.yaml", "manifest.yml",
            "store-contract.yaml",
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
