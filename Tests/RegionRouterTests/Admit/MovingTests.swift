import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A tenant whose data moves while it stands still", .timeLimit(.minutes(2)))
struct MovingTests {
    private static func put(_ fixture: RouterFixture, _ state: Placement.State, epoch: Int64) async {
        var tenant = RouterFixture.tenant("one", in: "EU", epoch: epoch)
        tenant.placement.state = state
        tenant.sequence = epoch
        fixture.directory.put(tenant, tell: false)
        await fixture.gates.take(tenant)
    }

    private static func request(_ method: String, fields: String = "") -> String {
        let token = TokenMaker.hs256(
            TokenMaker.hostClaims(tenant: "one", method: method, path: "/echo", at: WallClock.seconds()),
            secret: "secret of one")
        return "\(method) /echo HTTP/1.1\r\nHost: eu.example.com\r\nAuthorization: JWT \(token)\r\n\(fields)\r\n"
    }

    @Test("has its reads answered", arguments: ["GET", "HEAD"])
    func reads(_ method: String) async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, .moving, epoch: 2)
            let client = try fixture.connect()
            try client.send(Self.request(method))
            let response = try client.receiveResponse(hasBody: method != "HEAD")
            #expect(response.status == 200)
        }
    }

    @Test(
        "has whatever may write refused with 503 until it is over, on a connection that goes on",
        arguments: [
            request("POST", fields: "Content-Length: 0\r\n"), request("DELETE"),
            request(
                "GET",
                fields: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        ])
    func writes(_ request: String) async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, .moving, epoch: 2)
            let client = try fixture.connect()
            try client.send(request)
            let response = try client.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "tenant-moving")
            #expect(response.field("retry-after") == "30")
            #expect(fixture.eu.requests.isEmpty)
            await Self.put(fixture, .serving, epoch: 3)
            try client.send(Self.request("GET"))
            #expect(try client.receiveResponse().status == 200)
        }
    }
}
