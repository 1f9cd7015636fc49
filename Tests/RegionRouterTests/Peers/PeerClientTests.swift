import NIOCore
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A call of another node for the gateway itself", .timeLimit(.minutes(1)))
struct PeerClientTests {
    private static let echo = ScriptedPeerEndpoints { call in
        let text = "\(call.method) \(call.path) \(call.query) \(call.body.readableBytes)"
        return HostResponse(status: 200, contentType: "text/plain", body: Array(text.utf8))
    }

    @Test("is read whole and answered by what the gateway gave for it, on the peers' listener")
    func answered() async throws {
        try await RouterFixture.run(
            peerEndpoints: Self.echo, change: { $0.peers.listener = .init(host: "127.0.0.1", port: 0) }
        ) { fixture in
            let client = PeerClient()
            let address = UpstreamAddress(host: "127.0.0.1", port: fixture.peersPort)
            for _ in 0..<2 {
                let answer = try await client.ask(
                    address, "POST", "hold?epoch=7", body: ByteBuffer(string: "four"), timeout: .seconds(20))
                #expect(answer.status == 200)
                #expect(String(buffer: answer.body) == "POST hold epoch=7 4")
            }
            let connections = fixture.observer.events.filter { if case .connectionOpened = $0 { true } else { false } }
            #expect(connections.count == 1)
            client.close()
        }
    }

    @Test("is nobody's on the host's listener: there it is a path like any other")
    func onTheHostsListener() async throws {
        try await RouterFixture.run(
            peerEndpoints: Self.echo, change: { $0.peers.listener = .init(host: "127.0.0.1", port: 0) }
        ) { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /.residency/peer/feed HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            #expect(try socket.receiveResponse().field("x-instance") == "eu")
        }
    }

    @Test("is asked again on a new connection when a kept one has been closed")
    func keptConnectionClosed() async throws {
        let client = PeerClient()
        for _ in 0..<2 {
            // Another router at another port each time, but for the client's memory of the first.
            try await RouterFixture.run(
                peerEndpoints: Self.echo,
                change: {
                    $0.peers.listener = .init(host: "127.0.0.1", port: 0)
                    $0.limits.requestsPerConnection = 1
                }
            ) { fixture in
                let address = UpstreamAddress(host: "127.0.0.1", port: fixture.peersPort)
                for _ in 0..<3 {
                    let answer = try await client.ask(address, "GET", "feed?after=1", timeout: .seconds(20))
                    #expect(String(buffer: answer.body) == "GET feed after=1 0")
                }
            }
        }
        client.close()
    }

    @Test("says which node could not be reached")
    func unreachable() async throws {
        let port = try ReservedPort()
        await #expect(throws: RouterError.self) {
            try await PeerClient().ask(
                UpstreamAddress(host: "127.0.0.1", port: port.port), "GET", "feed", timeout: .seconds(20))
        }
    }
}
