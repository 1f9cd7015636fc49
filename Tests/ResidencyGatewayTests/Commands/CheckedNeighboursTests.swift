import Foundation
import RealmMigration
import RegionRouter
import TestSupport
import Testing

@testable import ResidencyGateway
@testable import TenantDirectory

@Suite("The check command, of those that the gateway calls", .timeLimit(.minutes(2)))
final class CheckedNeighboursTests {
    private static let descriptor = """
        {"key": "app", "baseUrl": "https://example.com", "authentication": {"type": "jwt"},
         "regionBaseUrls": {"EU": "https://eu.example.com", "US": "https://us.example.com"},
         "lifecycle": {"installed": "/installed"}}
        """
    private let folder: ScratchFolder
    private let authority: TestAuthority

    init() throws {
        folder = try ScratchFolder()
        authority = try TestAuthority(in: folder.path)
        try Data(Self.descriptor.utf8).write(to: URL(fileURLWithPath: folder.file("app.json")))
    }

    /// The rows that begin with some words, of a node of EU whose files are in a folder.
    private static func check(
        _ what: String, in folder: String, instance: String, tls: String = "", more: String = ""
    ) async throws -> [CheckReport.Row] {
        let settings = """
            node: { id: eu-1, regions: [EU] }
            app:
              declaration: app.json
              instances: { EU: ["\(instance)"] }
              tls: { \(tls) }
            \(more)
            defaultRegion: EU
            """
        let file = "\(folder)/gateway.yaml"
        try Data(settings.utf8).write(to: URL(fileURLWithPath: file))
        let report = await GatewayCheck.run(file: file, environment: [:])
        #expect(report.complaints.isEmpty, "\(report.complaints)")
        return report.rows.filter { $0.what.hasPrefix(what) }
    }

    // MARK: Peers

    /// A node that is called as one of US.
    struct Peer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var id = "us-1"
        var regions = ["US"]
        /// In its certificate.
        var name = "IP:127.0.0.1"
        var isOfAnotherAuthority = false
        var state = CheckReport.State.failed
        let said: String
    }

    private static let peers = [
        Peer(testDescription: "the right one", state: .fine, said: "is node us-1"),
        Peer(
            testDescription: "of another region", id: "de-1", regions: ["DE"], said: "node de-1, which owns DE; correct"
        ),
        Peer(testDescription: "without a region", regions: [], said: "owns no region"),
        Peer(testDescription: "the node itself", id: "eu-1", said: "is this node itself"),
        Peer(testDescription: "with another name", name: "us.example.com", said: "does not have the name or address"),
        Peer(
            testDescription: "of another authority", isOfAnotherAuthority: true, said: "not signed by an authority in"),
    ]

    @Test("says which node a peer is, and what is wrong with one that is not what peers says", arguments: peers)
    func peer(peer: Peer) async throws {
        let issuer = peer.isOfAnotherAuthority ? try TestAuthority(in: folder.path, name: "other") : authority
        let files = try issuer.issue("us", for: [peer.name])
        let own = try authority.issue("eu", for: ["eu.internal"])
        let server = ServerTLS(
            certificates: [files], clientAuthorityFile: authority.certificateFile, protocols: [.http1])
        let listen = try Renewable(server) { WallClock.seconds() }
        let record = NodeRecord(
            identity: NodeRecord.Identity(id: peer.id, incarnation: "1"),
            regions: try peer.regions.map { try #require(Region($0)) }, version: "1", regionView: "",
            configurationDigest: "", startedAt: 0)
        let about = ScriptedPeerEndpoints { call in
            #expect(call.method == "GET" && call.path == NodeEndpoints.aboutPath)
            return HostResponse(status: 200, contentType: "application/json", body: AboutNode(record).body)
        }
        let app = try await ScriptedServer { _ in .http(404, "") }
        let rows = try await RouterFixture.run(
            tenants: [], peerEndpoints: about,
            certificates: RouterCertificates(peersListen: listen),
            change: { $0.peers.listener = PeerConfiguration.Listener(host: "127.0.0.1", port: 0) }
        ) { [authority, path = folder.path] fixture in
            try await Self.check(
                "peer", in: path, instance: app.url,
                more: """
                    peers:
                      US: ["https://127.0.0.1:\(fixture.peersPort)"]
                      tls: { ca: \(authority.certificateFile), certificate: \(own.chainFile), key: \(own.keyFile) }
                    """)
        }
        #expect(rows.map(\.what) == ["peer US"])
        #expect(rows.first?.state == peer.state)
        #expect(rows.first?.detail.contains(peer.said) == true, "\(rows)")
        try await app.stop()
    }

    @Test("says that the certificate of a peer or an app instance has run out")
    func expired() async throws {
        let own = try authority.issue("eu", for: ["eu.internal"])
        let old = try authority.issue("us", for: ["IP:127.0.0.1", "localhost"], days: -1)
        let server = try await ScriptedServer(certificate: old) { _ in .http(200, "") }
        let peers = """
            peers:
              US: ["https://127.0.0.1:\(server.port)"]
              tls: { ca: \(authority.certificateFile), certificate: \(own.chainFile), key: \(own.keyFile) }
            """
        let ca = "ca: \(authority.certificateFile)"
        let instance = "https://127.0.0.1:\(server.port)"
        for (what, said) in [("peer", "is not valid now"), ("app instance", "certificate has expired")] {
            let rows = try await Self.check(what, in: folder.path, instance: instance, tls: ca, more: peers)
            #expect(rows.map(\.state) == [.failed])
            #expect(rows.first?.detail.contains(said) == true, "\(rows)")
        }
        try await server.stop()
    }

    @Test("says that a peer does not answer, or is no gateway")
    func noPeer() async throws {
        let gone = try ReservedPort()
        let app = try await ScriptedServer { _ in .http(404, "") }
        let rows = try await Self.check(
            "peer", in: folder.path, instance: app.url,
            more: "peers: { US: [\"http://127.0.0.1:\(gone.port)\", \"\(app.url)\"] }")
        #expect(rows.map(\.state) == [.failed, .note])
        #expect(rows.first?.detail.contains("cannot be reached; is it running?") == true)
        #expect(rows.last?.detail.contains("another release") == true)
        try await app.stop()
    }

    // MARK: App instances

    @Test("asks an app instance by TLS where its URL says so, with the authority, name and certificate of the gateway")
    func secureInstance() async throws {
        let files = try authority.issue("app", for: ["app.internal", "eu.example.com"])
        let own = try authority.issue("gateway", for: ["gateway.internal"])
        let server = ServerTLS(certificates: [files], clientAuthorityFile: authority.certificateFile)
        let listen = try Renewable(server) { WallClock.seconds() }
        let shown = "certificate: \(own.chainFile), key: \(own.keyFile)"
        let ca = "ca: \(authority.certificateFile)"
        let cases: [(tls: String, state: CheckReport.State, said: String)] = [
            ("\(ca), \(shown), serverName: eu.example.com", .fine, "answers (status 200"),
            ("\(ca), serverName: eu.example.com", .failed, "no answer"),
            ("\(shown), serverName: eu.example.com", .failed, "certificate"),
            ("\(ca), \(shown), serverName: other.internal", .failed, "other.internal"),
            ("\(ca), \(shown)", .failed, "correct app.tls"),
        ]
        try await RouterFixture.run(certificates: RouterCertificates(listen: listen)) { [path = folder.path] instance in
            for item in cases {
                let rows = try await Self.check(
                    "app instance", in: path, instance: "https://127.0.0.1:\(instance.port)", tls: item.tls)
                #expect(rows.map(\.state) == [item.state], "\(item.tls): \(rows)")
                #expect(rows.first?.detail.contains(item.said) == true, "\(item.tls): \(rows)")
            }
        }
    }
}
