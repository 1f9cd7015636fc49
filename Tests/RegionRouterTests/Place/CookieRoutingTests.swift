import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("The tenant cookie, over sockets")
struct CookieRoutingTests {
    private static let tenants = [
        RouterFixture.tenant("site-eu", in: "EU", id: 1), RouterFixture.tenant("site-us", in: "US", id: 2),
    ]

    private static func page(_ tenant: String) -> String {
        let claims = TokenMaker.hostClaims(tenant: tenant, path: "/panel", at: WallClock.seconds())
        let token = TokenMaker.hs256(claims, secret: "secret of \(tenant)")
        return "GET /panel?jwt=\(token) HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"
    }

    @Test("comes with a page the host opens, and takes the browser's later calls to the tenant's region")
    func roundTrip() async throws {
        let cookie = TenantCookieConfiguration(key: Secret("cookie key"), lifetime: .seconds(600))
        try await RouterFixture.run(tenants: Self.tenants, change: { $0.identify.cookie = cookie }) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.page("site-us"))
            let value = try #require(try socket.receiveResponse().field("set-cookie"))
            #expect(value.hasPrefix("__Host-residency-"))
            let pair = value.prefix { $0 != ";" }
            try socket.send("GET /later HTTP/1.1\r\nHost: eu.example.com\r\nCookie: a=b; \(pair)\r\n\r\n")
            let later = try socket.receiveResponse()
            #expect(later.field("x-instance") == "us")
            #expect(later.field("set-cookie") == nil)
            let seen = await fixture.us.received { $0.contains("/later") }
            #expect(seen.contains("X-Residency-Identified-By: cookie\r\n"))
            #expect(!seen.contains("X-Residency-Tenant:"))
        }
    }

    @Test("is neither given nor taken while it is off")
    func off() async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.page("site-us"))
            #expect(try socket.receiveResponse().field("set-cookie") == nil)
        }
    }
}
