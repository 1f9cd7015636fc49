import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("Calls that a peer has passed on, of a tenant that is held", .timeLimit(.minutes(2)))
struct HeldPeersTests {
    private static let us = PeerFixture.usRegion

    private static func site(epoch: Int64, _ state: Placement.State) -> Tenant {
        var tenant = RouterFixture.tenant("site", in: us.code, id: 1, epoch: epoch)
        tenant.placement.state = state
        tenant.sequence = epoch
        return tenant
    }

    private static func held(_ node: PeerFixture.Node) async {
        await node.observer.heard { if case .requestHeld = $0 { true } else { false } }
    }

    @Test("keep at most a quarter of the peer's connections waiting, and get 503 past that")
    func quarter() async throws {
        try await PeerFixture.run(
            tenants: [Self.site(epoch: 1, .serving)],
            change: {
                $1.listen.eventLoops = 1
                $1.limits.upstreamConnections = 4
                $1.limits.holdBudget = .seconds(60)
            }
        ) { fixture in
            // The first node has not heard of it.
            fixture.us.directory.put(Self.site(epoch: 2, .held))
            let waiting = try RawSocket(port: fixture.eu.port, timeout: 60)
            try waiting.send(ForwardingToPeersTests.panel("site", path: "/echo"))
            await Self.held(fixture.us)
            let refused = try RawSocket(port: fixture.eu.port)
            try refused.send(ForwardingToPeersTests.panel("site", path: "/echo"))
            let response = try refused.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "hold-full")
            // Its own clients wait on.
            let own = try RawSocket(port: fixture.us.port, timeout: 60)
            try own.send(ForwardingToPeersTests.panel("site", path: "/echo"))
            await fixture.us.observer.heard(2) { if case .requestHeld = $0 { true } else { false } }
            fixture.us.directory.put(Self.site(epoch: 3, .serving))
            #expect(try waiting.receiveResponse().field("x-instance") == "us")
            #expect(try own.receiveResponse().field("x-instance") == "us")
            try refused.send(ForwardingToPeersTests.panel("site", path: "/echo"))
            #expect(try refused.receiveResponse().status == 200)
        }
    }

    @Test("wait no longer than their time at all nodes together allows")
    func waited() async throws {
        try await PeerFixture.run(
            tenants: [Self.site(epoch: 2, .held)], change: { $1.limits.holdBudget = .seconds(60) }
        ) { fixture in
            let statement =
                "X-Residency-Peer: hop=1;from=eu-1;to=US;"
                + StatedPlacement(Self.site(epoch: 2, .held)).text + ";waited=60000\r\n"
                + "X-Residency-Peer-Origin: client=192.0.2.7;scheme=http\r\n"
            let call = ForwardingToPeersTests.panel("site", path: "/echo").replacing(
                "\r\nHost", with: "\r\n" + statement + "Host")
            let socket = try RawSocket(port: fixture.us.peersPort)
            try socket.send(call)
            let response = try socket.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "tenant-held")
        }
    }
}
