import NIOCore
import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("Nodes that speak TLS to each other", .timeLimit(.minutes(2)))
struct SecurePeersTests {
    private static let tenants = [
        RouterFixture.tenant("site-eu", in: "EU", id: 1), RouterFixture.tenant("site-us", in: "US", id: 2),
    ]

    /// What a node has: its certificate, and the authority whose certificates it takes.
    private static func certificates(_ own: CertificateFiles?, _ authority: TestAuthority) throws -> RouterCertificates
    {
        let client = ClientTLS(authorityFile: authority.certificateFile, certificate: own)
        var certificates = RouterCertificates(peers: try Renewable(client) { WallClock.seconds() })
        if let own {
            let server = ServerTLS(
                certificates: [own], clientAuthorityFile: authority.certificateFile, protocols: [.http1])
            certificates.peersListen = try Renewable(server) { WallClock.seconds() }
        }
        return certificates
    }

    @Sendable private static func makeSecure(_ configuration: inout RouterConfiguration) {
        configuration.peers.addresses = configuration.peers.addresses.mapValues { addresses in
            addresses.map { UpstreamAddress(host: $0.host, port: $0.port, isSecure: true) }
        }
    }

    /// What the EU node answers for a tenant of the US, and why the two did not trust each other.
    private static func crossing(
        eu: RouterCertificates, us: RouterCertificates, names: [String] = [], awaiting: Int
    ) async throws -> (answer: RawResponse, reached: Bool, faults: Set<Fault>) {
        try await PeerFixture.run(
            tenants: tenants, certificates: { $0 == PeerFixture.euRegion ? eu : us },
            change: { region, configuration in
                makeSecure(&configuration)
                if region == PeerFixture.usRegion { configuration.peers.listener?.names = names }
            }
        ) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(ForwardingToPeersTests.panel("site-us"))
            let answer = try socket.receiveResponse()
            var faults: Set<Fault> = []
            for _ in 0..<awaiting {
                await fixture.us.observer.heard { if case .peerFault = $0 { true } else { false } }
            }
            for observer in [fixture.eu.observer, fixture.us.observer] {
                for case .peerFault(let fault) in observer.events {
                    faults.insert(Fault(reason: fault.reason, isCaller: fault.isCaller))
                }
            }
            return (answer, !fixture.us.app.requests.isEmpty, faults)
        }
    }

    private struct Fault: Hashable {
        let reason: PeerFault.Reason
        let isCaller: Bool
    }

    @Test("pass calls on as without, each shown the other's certificate")
    func passedOn() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let eu = try Self.certificates(try authority.issue("eu", for: ["eu-1.internal", "IP:127.0.0.1"]), authority)
        let us = try Self.certificates(try authority.issue("us", for: ["us-1.internal", "IP:127.0.0.1"]), authority)
        for names in [[], ["eu-1.internal"], ["other.org", "*.internal"]] {
            let (answer, reached, faults) = try await Self.crossing(eu: eu, us: us, names: names, awaiting: 0)
            #expect(answer.status == 200 && answer.field("x-instance") == "us")
            #expect(answer.field("strict-transport-security") == nil)
            #expect(reached && faults.isEmpty)
        }
    }

    @Test("refuse a caller without a certificate, with another authority's, with a name that is not allowed")
    func callers() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let other = try TestAuthority(in: folder.path, name: "another")
        let us = try Self.certificates(try authority.issue("us", for: ["us-1.internal", "IP:127.0.0.1"]), authority)
        let own = try authority.issue("eu", for: ["eu-1.internal", "IP:127.0.0.1"])
        let foreign = try other.issue("foreign", for: ["eu-1.internal"])
        for (certificate, names, reason) in [
            (nil, [], .noCertificate), (foreign, [], .notVerified), (own, ["*.example.org"], .notAllowed),
        ] as [(CertificateFiles?, [String], PeerFault.Reason)] {
            var eu = try Self.certificates(certificate, authority)
            eu.peersListen = nil
            let (answer, reached, faults) = try await Self.crossing(eu: eu, us: us, names: names, awaiting: 1)
            #expect(answer.status == 502)
            #expect(answer.field("x-residency-error") == "peer-closed")
            #expect(!reached)
            #expect(faults.contains(Fault(reason: reason, isCaller: true)), "\(faults)")
        }
    }

    @Test("refuse to call one of another authority, or of another name: it is sent nothing")
    func called() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let other = try TestAuthority(in: folder.path, name: "another")
        let eu = try Self.certificates(try authority.issue("eu", for: ["eu-1.internal", "IP:127.0.0.1"]), authority)
        for (us, reason) in [
            (try other.issue("us", for: ["IP:127.0.0.1"]), PeerFault.Reason.notVerified),
            (try authority.issue("named", for: ["us-1.internal"]), .otherName),
        ] {
            let (answer, reached, faults) = try await Self.crossing(
                eu: eu, us: try Self.certificates(us, authority), awaiting: 0)
            #expect(answer.status == 502)
            #expect(answer.field("x-residency-error") == "peer-closed")
            #expect(!reached)
            #expect(faults.contains(Fault(reason: reason, isCaller: false)), "\(faults)")
        }
    }

    @Test("refuse a caller whose certificate has run out")
    func expired() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let us = try Self.certificates(try authority.issue("us", for: ["us-1.internal"]), authority)
        let old = try authority.issue("old", for: ["eu-1.internal"], days: -1)
        try await RouterFixture.run(
            certificates: us, change: { $0.peers.listener = .init(host: "127.0.0.1", port: 0) }
        ) { fixture in
            // With TLS 1.3 the caller takes the handshake for done before it is refused.
            let socket = try? TLSSocket(
                port: fixture.peersPort, serverName: "us-1.internal", authority: authority.certificateFile,
                certificate: old)
            let expected = PeerFault(.notVerified, address: "127.0.0.1", isCaller: true)
            await fixture.observer.heard { if case .peerFault(expected) = $0 { true } else { false } }
            try? socket?.send(ForwardingToPeersTests.panel("site-us"))
            #expect((try? socket?.receiveAll().text) ?? "" == "")
            #expect(fixture.us.requests.isEmpty)
        }
    }

    @Test("ask each other over TLS, and know the name of who asks")
    func asked() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let us = try Self.certificates(try authority.issue("us", for: ["us-1.internal", "IP:127.0.0.1"]), authority)
        let eu = try Self.certificates(try authority.issue("eu", for: ["eu.org", "eu-1.internal"]), authority)
        let echo = ScriptedPeerEndpoints { call in
            HostResponse(status: 200, contentType: "text/plain", body: Array((call.certificateName ?? "").utf8))
        }
        try await RouterFixture.run(
            peerEndpoints: echo, certificates: us,
            change: { $0.peers.listener = .init(host: "127.0.0.1", port: 0, names: ["*.internal"]) }
        ) { fixture in
            let address = UpstreamAddress(host: "127.0.0.1", port: fixture.peersPort, isSecure: true)
            let client = PeerClient(certificates: eu.peers)
            for _ in 0..<2 {
                let answer = try await client.ask(address, "GET", "feed", timeout: .seconds(20))
                #expect(String(buffer: answer.body) == "eu-1.internal")
            }
            client.close()
            let nobody = PeerClient(certificates: try Self.certificates(nil, authority).peers)
            for client in [nobody, PeerClient()] {
                await #expect(throws: RouterError.self) {
                    try await client.ask(address, "GET", "feed", timeout: .seconds(20))
                }
            }
        }
    }
}
