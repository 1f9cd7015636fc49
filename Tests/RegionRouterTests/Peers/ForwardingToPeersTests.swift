import FoundationEssentials
import NIOCore
import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A call for a tenant of a region that the node does not own", .timeLimit(.minutes(2)))
struct ForwardingToPeersTests {
    private static let tenants = [
        RouterFixture.tenant("site-eu", in: "EU", id: 1), RouterFixture.tenant("site-us", in: "US", id: 2),
    ]

    static func panel(
        _ tenant: String, path: String = "/panel", method: String = "GET", fields: String = "", body: String = ""
    ) -> String {
        let claims = TokenMaker.hostClaims(
            tenant: tenant, method: method, path: path, query: "lic=active", at: WallClock.seconds())
        let token = TokenMaker.hs256(claims, secret: "secret of \(tenant)")
        return "\(method) \(path)?lic=active&jwt=\(token) HTTP/1.1\r\nHost: eu.example.com\r\n\(fields)\r\n\(body)"
    }

    @Test("is answered by the app instance of its region, through the node that owns it, on either way")
    func passedOn() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            for (node, tenant, owner) in [
                (fixture.eu, "site-us", fixture.us), (fixture.us, "site-eu", fixture.eu),
                (fixture.eu, "site-eu", fixture.eu),
            ] {
                let socket = try RawSocket(port: node.port)
                for _ in 0..<3 {
                    try socket.send(Self.panel(tenant, fields: "X-Residency-Peer: hop=2;from=me;to=EU\r\n"))
                    let response = try socket.receiveResponse()
                    #expect(response.status == 200)
                    #expect(response.field("x-instance") == owner.app.name)
                }
                let seen = await owner.app.received { $0.contains("X-Residency-Tenant: \(tenant)\r\n") }
                #expect(seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
                #expect(seen.contains("X-Forwarded-Host: eu.example.com\r\n"))
                #expect(seen.contains("Host: eu.example.com\r\n"))
                #expect(!seen.contains("X-Residency-Peer"))
                #expect(seen.components(separatedBy: "X-Residency-Region").count == 2)
            }
        }
    }

    @Test("is answered while the directory is away by a node that has the tenant in its mirror, and not yet at hand")
    func fromTheMirror() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            fixture.eu.directory.setAway(true, isMirrored: true)
            fixture.us.directory.setAway(true, isMirrored: true)
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(Self.panel("site-us"))
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.field("x-instance") == "us")
        }
    }

    @Test("streams both ways, chunked or not, and keeps what the app answers with")
    func streams() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(Self.panel("site-us", path: "/stream/300000"))
            #expect(try socket.receiveResponse().body.count == 300_000)
            let body = String(repeating: "b", count: 200_000)
            try socket.send(
                Self.panel(
                    "site-us", path: "/echo", method: "POST", fields: "Content-Length: \(body.utf8.count)\r\n",
                    body: body
                ))
            #expect(try socket.receiveResponse().text.hasSuffix("200000"))
            try socket.send(
                Self.panel(
                    "site-us", path: "/echo", method: "POST", fields: "Transfer-Encoding: chunked\r\n",
                    body: "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"))
            #expect(try socket.receiveResponse().text.hasSuffix("\r\n7"))
        }
    }

    @Test("may become a tunnel")
    func tunnel() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(
                Self.panel("site-us", path: "/websocket", fields: "Connection: Upgrade\r\nUpgrade: websocket\r\n"))
            #expect(try socket.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
            for text in ["one", "two"] {
                try socket.send(text)
                #expect(try socket.receive(count: 3) == Array(text.utf8))
            }
        }
    }

    @Test("without a tenant goes to the peer of the region whose URL was called")
    func untenanted() async throws {
        try await PeerFixture.run(tenants: []) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send("GET /echo HTTP/1.1\r\nHost: us.example.com\r\n\r\n")
            #expect(try socket.receiveResponse().field("x-instance") == "us")
        }
    }

    @Test("is checked by the peer as well: a tenant whose secret differs there is refused there")
    func checkedTwice() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            var other = Self.tenants[1]
            other.secret = Secret("another")
            fixture.us.directory.put(other)
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(Self.panel("site-us"))
            let response = try socket.receiveResponse()
            #expect(response.status == 401)
            #expect(response.field("x-residency-error") == "bad-signature")
            #expect(fixture.us.app.requests.isEmpty)
        }
    }

    @Test("is refused by the peers' listener when it comes from no gateway")
    func fromNoGateway() async throws {
        try await PeerFixture.run(tenants: Self.tenants) { fixture in
            let socket = try RawSocket(port: fixture.us.peersPort)
            try socket.send(Self.panel("site-us"))
            let response = try socket.receiveResponse()
            #expect(response.status == 400)
            #expect(response.field("x-residency-error") == "bad-peer-call")
        }
    }

    @Test("goes to the next address of the peers when one takes no connection; 502 when none does")
    func nextAddress() async throws {
        let gone = try ReservedPort()
        try await PeerFixture.run(
            tenants: Self.tenants,
            change: { region, configuration in
                if region == PeerFixture.euRegion {
                    configuration.peers.addresses[PeerFixture.usRegion]?.append(
                        UpstreamAddress(host: "127.0.0.1", port: gone.port))
                } else {
                    configuration.peers.addresses[PeerFixture.euRegion] = [
                        UpstreamAddress(host: "127.0.0.1", port: gone.port)
                    ]
                }
            }
        ) { fixture in
            for _ in 0..<8 {
                let socket = try RawSocket(port: fixture.eu.port)
                try socket.send(Self.panel("site-us", method: "POST", fields: "Content-Length: 2\r\n", body: "{}"))
                #expect(try socket.receiveResponse().field("x-instance") == "us")
            }
            let socket = try RawSocket(port: fixture.us.port)
            try socket.send(Self.panel("site-eu"))
            let response = try socket.receiveResponse()
            #expect(response.status == 502)
            #expect(response.field("x-residency-error") == "peer-unreachable")
        }
    }

    @Test("is an error by name when the peer does not own the region, or is the node itself")
    func wrongPeer() async throws {
        let france = try #require(Region("FR"))
        try await PeerFixture.run(
            tenants: [RouterFixture.tenant("site-fr", in: "FR", id: 3)],
            change: { region, configuration in
                // EU takes US for France; US takes itself for France.
                configuration.peers.addresses[france] =
                    region == PeerFixture.euRegion
                    ? configuration.peers.addresses[PeerFixture.usRegion]
                    : configuration.peers.listener.map { [UpstreamAddress(host: $0.host, port: $0.port)] }
            }
        ) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(Self.panel("site-fr"))
            let response = try socket.receiveResponse()
            #expect(response.status == 502)
            #expect(response.field("x-residency-error") == "peer-wrong-region")
            #expect(response.text.contains("us-1"))
            let other = try RawSocket(port: fixture.us.port)
            try other.send(Self.panel("site-fr"))
            let loop = try other.receiveResponse()
            #expect(loop.status == 508)
            #expect(loop.field("x-residency-error") == "peer-loop")
        }
    }

    @Test("is acted on by the first node alone when it is a lifecycle call, and checked by both")
    func lifecycle() async throws {
        let tenant = Self.tenants[1]
        let endpoints = ScriptedEndpoints { call in
            guard let known = call.actedOnFor else {
                return .forward(
                    HostForward(tenant: tenant) { outcome in
                        outcome.isSuccess ? nil : RouterError(.busy, "the app was not asked")
                    })
            }
            guard known == tenant.id, call.kind == .lifecycle(.installed), call.body.readableBytes == 9 else {
                return .refuse(RouterError(.badBody, "another call than was sent"))
            }
            return .forward(HostForward(tenant: tenant) { _ in nil })
        }
        try await PeerFixture.run(tenants: Self.tenants, endpoints: endpoints) { fixture in
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(
                "POST /installed HTTP/1.1\r\nHost: us.example.com\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}")
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.field("x-instance") == "us")
            #expect(fixture.us.app.requests.count == 1 && fixture.eu.app.requests.isEmpty)
        }
    }
}
