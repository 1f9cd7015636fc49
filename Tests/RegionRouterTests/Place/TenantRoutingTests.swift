import NIOCore
import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A request of a tenant", .timeLimit(.minutes(1)))
struct TenantRoutingTests {
    private static let tenants = [
        RouterFixture.tenant("site-eu", in: "EU", id: 1), RouterFixture.tenant("site-us", in: "US", id: 2),
    ]

    private static func panel(
        _ tenant: String, host: String = "eu.example.com", secret: String? = nil, query: String = "lic=active"
    ) -> String {
        let claims = TokenMaker.hostClaims(tenant: tenant, path: "/panel", query: query, at: WallClock.seconds())
        let token = TokenMaker.hs256(claims, secret: secret ?? "secret of \(tenant)")
        return "GET /panel?\(query)&jwt=\(token) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
    }

    @Test(
        "goes where its data is, whichever region's URL was called", arguments: ["site-eu", "site-us"],
        ["eu", "us", "app"])
    func byPlacement(tenant: String, host: String) async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel(tenant, host: "\(host).example.com"))
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.field("x-instance") == String(tenant.suffix(2)))
            let instance = tenant.hasSuffix("eu") ? fixture.eu : fixture.us
            let seen = await instance.received { $0.contains("/panel") }
            #expect(seen.contains("X-Residency-Tenant: \(tenant)\r\n"))
            #expect(seen.contains("X-Residency-Identified-By: token\r\n"))
            #expect(seen.contains("X-Residency-Epoch: 1\r\n"))
        }
    }

    @Test("tells the directory, once, that the host calls another region than before")
    func displaced() async throws {
        try await RouterFixture.run(tenants: Self.tenants, change: { $0.listen.eventLoops = 1 }) { fixture in
            let socket = try fixture.connect()
            for _ in 0..<3 {
                try socket.send(Self.panel("site-us", host: "eu.example.com"))
                #expect(try socket.receiveResponse().status == 200)
            }
            await fixture.observer.heard { if case .displacedCall = $0 { true } else { false } }
            #expect(await fixture.directory.reportedRealm(of: TenantID(high: 7, low: 2)) == Region("EU"))
            #expect(fixture.directory.loads == 1)
        }
    }

    @Test("is refused with 401 when its token does not verify, and nothing reaches the app")
    func forged() async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu", secret: "secret of site-us"))
            let response = try socket.receiveResponse()
            #expect(response.status == 401)
            #expect(response.field("x-residency-error") == "bad-signature")
            try socket.send(Self.panel("nobody"))
            #expect(try socket.receiveResponse().field("x-residency-error") == "unknown-tenant")
            #expect(fixture.eu.requests.isEmpty && fixture.us.requests.isEmpty)
        }
    }

    @Test("of a disputed tenant is admitted nowhere, until the dispute is settled")
    func disputed() async throws {
        var tenant = Self.tenants[0]
        tenant.disputedEpoch = 5
        try await RouterFixture.run(tenants: [tenant], change: { $0.listen.eventLoops = 1 }) { [tenant] fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            let response = try socket.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "tenant-disputed")
            #expect(response.field("retry-after") != nil)
            #expect(fixture.eu.requests.isEmpty && fixture.us.requests.isEmpty)
            var settled = tenant
            settled.disputedEpoch = nil
            settled.placement.epoch = 6
            settled.sequence = 2
            fixture.directory.put(settled)
            var status = 503
            while status == 503 {
                try socket.send(Self.panel("site-eu"))
                status = try socket.receiveResponse().status
            }
            #expect(status == 200)
        }
    }

    @Test("of a tenant that was uninstalled, and has installed again elsewhere a moment ago, is served")
    func installedElsewhere() async throws {
        var tenant = Self.tenants[0]
        tenant.state = .uninstalled
        try await RouterFixture.run(tenants: [tenant], change: { $0.listen.eventLoops = 1 }) { [tenant] fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().field("x-residency-error") == "tenant-uninstalled")
            var again = tenant
            again.state = .installed
            again.sequence = 2
            fixture.directory.put(again, tell: false)
            // Asked once a second: until then the answer of a moment ago counts.
            var status = 401
            while status == 401 {
                try socket.send(Self.panel("site-eu"))
                status = try socket.receiveResponse().status
            }
            #expect(status == 200)
        }
    }

    @Test("that does not verify is not refused with 401 while the directory cannot be asked, however often it comes")
    func unsure() async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 200)
            fixture.directory.setAway(true)
            for _ in 0..<3 {
                try socket.send(Self.panel("site-eu", secret: "another"))
                let response = try socket.receiveResponse()
                #expect(response.status == 503)
                #expect(response.field("retry-after") != nil)
            }
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("is verified with the secret of a moment ago: before a 401 the directory is asked once")
    func rotatedElsewhere() async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 200)
            var rotated = Self.tenants[0]
            rotated.secret = Secret("rotated")
            rotated.sequence = 2
            fixture.directory.put(rotated, tell: false)
            try socket.send(Self.panel("site-eu", secret: "rotated"))
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("follows its placement as soon as the change is heard")
    func moved() async throws {
        try await RouterFixture.run(tenants: Self.tenants, change: { $0.listen.eventLoops = 1 }) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().field("x-instance") == "eu")
            var moved = RouterFixture.tenant("site-eu", in: "US", id: 1, epoch: 3)
            moved.sequence = 3
            fixture.directory.put(moved)
            var instance = "eu"
            while instance == "eu" {
                try socket.send(Self.panel("site-eu"))
                instance = try socket.receiveResponse().field("x-instance") ?? ""
            }
            #expect(instance == "us")
        }
    }

    @Test("is served without the directory once it is known; an unknown one is 503 and may come again")
    func directoryAway() async throws {
        try await RouterFixture.run(tenants: Self.tenants, change: { $0.listen.eventLoops = 1 }) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 200)
            fixture.directory.setAway(true)
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 200)
            try socket.send(Self.panel("site-us"))
            let response = try socket.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("retry-after") != nil)
            #expect(response.field("x-residency-error") == "directory-unavailable")
        }
    }

    @Test(
        "is refused while it is uninstalled, and while its first install is not complete",
        arguments: [Tenant.State.uninstalled, .pending])
    func notServed(state: Tenant.State) async throws {
        var tenant = Self.tenants[0]
        tenant.state = state
        try await RouterFixture.run(tenants: [tenant]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-eu"))
            #expect(try socket.receiveResponse().status == 401)
        }
    }

    @Test("in report mode goes where the named tenant lives, although its token does not verify, and is counted")
    func reportMode() async throws {
        try await RouterFixture.run(tenants: Self.tenants, change: { $0.identify.mode = .report }) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.panel("site-us", secret: "wrong"))
            #expect(try socket.receiveResponse().field("x-instance") == "us")
            try socket.send(Self.panel("nobody", host: "us.example.com"))
            #expect(try socket.receiveResponse().field("x-instance") == "us")
            await fixture.observer.heard { if case .wouldRefuse(.badSignature, _) = $0 { true } else { false } }
            await fixture.observer.heard { if case .wouldRefuse(.unknownTenant, _) = $0 { true } else { false } }
            #expect(fixture.us.requests.allSatisfy { !$0.contains("X-Residency-Tenant") })
        }
    }

    @Test("of Forge makes its tenant with the first verified call, in the region of the URL called")
    func forge() async throws {
        let key = try #require(RSAPrivateKey())
        let publicKey = try #require(RSAPublicKey(pem: Array(key.publicPEM.utf8)))
        try await RouterFixture.run(keys: OneKey(publicKey)) { fixture in
            func call(_ installation: String, host: String, key: RSAPrivateKey) throws -> RawResponse {
                let claims = TokenMaker.forgeClaims(
                    appID: RouterFixture.forgeAppID, installation: installation, at: WallClock.seconds())
                let socket = try fixture.connect()
                try socket.send(
                    "POST /forge HTTP/1.1\r\nHost: \(host)\r\n"
                        + "Authorization: Bearer \(TokenMaker.rs256(claims, key: key))\r\nContent-Length: 2\r\n\r\n{}"
                )
                return try socket.receiveResponse()
            }
            #expect(try call("installation-1", host: "us.example.com", key: key).field("x-instance") == "us")
            // From now on it is there, whatever URL is called.
            #expect(try call("installation-1", host: "eu.example.com", key: key).field("x-instance") == "us")
            let other = try #require(RSAPrivateKey())
            #expect(try call("installation-2", host: "us.example.com", key: other).status == 401)
            let seen = await fixture.us.received { $0.contains("/forge") }
            #expect(seen.contains("X-Residency-Tenant: installation-1\r\n"))
        }
    }
}

@Suite("A call that the gateway has a part in")
struct ControlTests {
    @Test("is forwarded with its own bytes, and answered after the gateway's part is done")
    func forwarded() async throws {
        let tenant = RouterFixture.tenant("site", in: "US")
        let endpoints = ScriptedEndpoints { call in
            #expect(call.kind == .lifecycle(.installed))
            #expect(call.body.readableBytes == 9)
            return .forward(
                HostForward(tenant: tenant) { outcome in outcome.isSuccess ? nil : RouterError(.busy, "told") })
        }
        try await RouterFixture.run(endpoints: endpoints) { fixture in
            let socket = try fixture.connect()
            try socket.send(
                "POST /installed?a=b HTTP/1.1\r\nHost: eu.example.com\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\":\"b\"}\r\n0\r\n\r\n"
            )
            #expect(try socket.receiveResponse().field("x-instance") == "us")
            let seen = await fixture.us.received { $0.contains("/installed?a=b") }
            #expect(seen.hasSuffix("{\"a\":\"b\"}"))
            #expect(seen.contains("Content-Length: 9\r\n"))
        }
    }

    @Test("is answered with the gateway's error when its own part fails, and told when the app cannot be reached")
    func failures() async throws {
        let tenant = RouterFixture.tenant("site", in: "US")
        let endpoints = ScriptedEndpoints { _ in
            .forward(
                HostForward(tenant: tenant) { outcome in
                    if case .status(let status) = outcome {
                        return RouterError(
                            .directoryUnavailable, origin: .directory, "after \(status)", retryAfterSeconds: 2)
                    }
                    return RouterError(.busy, "was told")
                })
        }
        try await RouterFixture.run(endpoints: endpoints) { fixture in
            let socket = try fixture.connect()
            try socket.send("POST /installed HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 2\r\n\r\n{}")
            let first = try socket.receiveResponse()
            #expect(first.status == 503)
            #expect(first.text.contains("after 200"))
            await fixture.us.stop()
            try socket.send("POST /installed HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 2\r\n\r\n{}")
            #expect(try socket.receiveResponse().text.contains("was told"))
        }
    }

    @Test("with a body past its limit is 413")
    func tooLarge() async throws {
        try await RouterFixture.run(change: { $0.limits.controlBodyBytes = 100 }) { fixture in
            let socket = try fixture.connect()
            try socket.send("POST /installed HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 101\r\n\r\n")
            #expect(try socket.receiveResponse().status == 413)
        }
    }
}
