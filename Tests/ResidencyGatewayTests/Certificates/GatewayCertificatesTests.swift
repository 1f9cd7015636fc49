import Foundation
import Logging
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The certificates of a configuration")
struct GatewayCertificatesTests {
    private func configuration(_ settings: String, in folder: borrowing ScratchFolder) throws -> GatewayConfiguration {
        try ConfigurationFile.read(
            "app: { declaration: app.json }\n" + settings, file: "gateway.yaml",
            folder: URL(fileURLWithPath: folder.path, isDirectory: true),
            environment: [:]
        ).configuration
    }

    @Test("are found beside the file, and shown for their names")
    func found() throws {
        let folder = try ScratchFolder()
        _ = try TestAuthority(in: folder.path).issue("site", for: ["eu.example.com"])
        let configuration = try configuration(
            """
            listen:
              tls:
                certificates: [{ chain: site.pem, key: site-key.pem, names: [eu.example.com, "*.Eu.example.com"] }]
                protocols: [http/1.1]
                transportSecurityAge: 1d
            """, in: folder)
        #expect(configuration.listenTLS.transportSecurityAge == .seconds(86_400))
        #expect(configuration.listenTLS.server?.protocols == [.http1])
        #expect(configuration.listenTLS.certificates.first?.names == ["eu.example.com", "*.eu.example.com"])
        let certificates = try GatewayCertificates.load(configuration)
        let contexts = try #require(certificates.listen?.current)
        #expect(contexts.warnings.count == 1 && contexts.covers("eu.example.com"))
        let endpoints = ["https://eu.example.com", "https://us.example.com:8443/app", "http://plain.example.com"].map {
            PublicEndpoint(region: .global, baseURL: $0, authority: "", basePath: "")
        }
        #expect(certificates.uncovered(endpoints) == ["us.example.com"])
    }

    @Test("that cannot be used are complained of all at once, with place, file and what to do")
    func complaints() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        _ = try authority.issue("old", for: ["eu.example.com"], days: -1)
        let settings = """
            listen: { tls: { certificates: [{ chain: old.pem, key: none.pem }] } }
            """
        let wrong = try configuration(settings, in: folder)
        do {
            _ = try GatewayCertificates.load(wrong)
            Issue.record("they were taken")
        } catch {
            let found = error.list.map(\.description)
            #expect(found.count == 2, "\(found)")
            #expect(found.first?.hasPrefix("gateway.yaml:2:32: listen.tls.certificates: ") == true, "\(found)")
            #expect(found.first?.contains("old.pem has expired, on ") == true)
            #expect(found.last?.contains("none.pem is not there") == true)
        }
        let half = try configuration("", in: folder)
        var halfApp = half
        halfApp.app.tls.certificateFile = folder.file("old.pem")
        do {
            _ = try GatewayCertificates.load(halfApp)
            Issue.record("a certificate without a key was taken")
        } catch {
            #expect(error.list.first?.field == "app.tls.key")
        }
        #expect(try GatewayCertificates.load(half).listen == nil)
    }

    @Test("of nodes are one for both directions, need their authority, and are renewed together")
    func peers() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let files = try authority.issue("node", for: ["eu-1.internal"])
        let settings = try configuration(
            """
            peers:
              listen: { host: 0.0.0.0, port: 0, names: ["*.Internal", us.example.org] }
              tls: { ca: test-authority.pem, certificate: node.pem, key: node-key.pem }
            """, in: folder)
        #expect(settings.peers.names == ["*.internal", "us.example.org"])
        #expect(settings.peers.tls.missing.isEmpty)
        let certificates = try GatewayCertificates.load(settings)
        #expect(certificates.router.peersListen != nil && certificates.router.peers != nil)
        #expect(certificates.peers?.listen.current.names == ["eu-1.internal"])
        let item = try #require(certificates.watched.first { $0.key == "peers.tls" })
        #expect(item.renew(false) == .unchanged && item.renew(true) == .renewed)
        try "broken".write(toFile: files.keyFile, atomically: true, encoding: .utf8)
        guard case .refused = item.renew(false) else {
            Issue.record("a broken key was taken")
            return
        }
        var half = settings.peers.tls
        half.keyFile = nil
        #expect(half.missing == ["peers.tls.key"] && half.both == nil)
    }

    @Test("are looked at by the watcher, which says what it has not taken")
    func watcher() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let files = try authority.issue("site", for: ["eu.example.com"])
        let certificates = try GatewayCertificates.load(
            try configuration(
                "listen: { tls: { certificates: [{ chain: site.pem, key: site-key.pem }] } }", in: folder))
        let watcher = CertificateWatcher(
            watched: certificates.watched, interval: .seconds(10),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(watcher.look().isEmpty && watcher.look(always: true).isEmpty)
        try "broken".write(toFile: files.keyFile, atomically: true, encoding: .utf8)
        #expect(watcher.look().first?.contains("listen.tls: ") == true)
        #expect(watcher.look().isEmpty)
        #expect(watcher.look(always: true).count == 1)
    }
}
