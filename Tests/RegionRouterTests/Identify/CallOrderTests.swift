@testable import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("What a request says it is")
struct CallOrderTests {
    private typealias Harness = IdentifierHarness
    private var harness = IdentifierHarness()
    private let alias = TenantAlias(.connect, app: Harness.appKey, name: Harness.tenant)

    init() {
        harness.configuration.routes = [TenantRoute(path: "/oauth/*", source: .query("state"))]
        harness.configuration.cookie = TenantCookieConfiguration(key: Secret("cookie"), lifetime: .seconds(60))
    }

    @Test(
        "is the gateway's own for GET of the descriptor and POST of a lifecycle path, whatever it carries",
        arguments: [
            ("GET", "/atlassian-connect.json", HostCall.Kind.descriptor),
            ("HEAD", "/atlassian-connect.json", .descriptor),
            ("GET", "/atlassian-connect.json?x=1", .descriptor), ("POST", "/installed", .lifecycle(.installed)),
            ("POST", "/uninstalled?user_key=x", .lifecycle(.uninstalled)), ("POST", "/enabled", .lifecycle(.enabled)),
            ("POST", "/disabled", .lifecycle(.disabled)),
        ])
    func gateway(method: String, target: String, kind: HostCall.Kind) throws {
        #expect(try harness.identify(SampleRequest(method, target)) == .gateway(kind))
        let broken = Harness.request(method, target, authorization: "JWT broken")
        #expect(try harness.identify(broken) == .gateway(kind))
        var elsewhere = harness
        elsewhere.endpoint = .sample(basePath: "/app")
        #expect(try elsewhere.identify(SampleRequest(method, "/app" + target)) == .gateway(kind))
    }

    @Test(
        "is not the gateway's own for another method or path",
        arguments: [
            ("POST", "/atlassian-connect.json"), ("GET", "/installed"), ("PUT", "/installed"), ("POST", "/installed/x"),
            ("OPTIONS", "/installed"), ("GET", "/atlassian-connect.json/"),
        ])
    func notGateway(method: String, path: String) throws {
        #expect(try harness.identify(SampleRequest(method, path)) == .untenanted)
    }

    @Test("is by a token before a route, by a route before a cookie, by a cookie before nothing")
    func order() throws {
        let cookie = try #require(
            TenantCookie(TenantCookieConfiguration(key: Secret("cookie"), lifetime: .seconds(60))))
        let (routed, remembered) = (TenantID(high: 1, low: 1), TenantID(high: 2, low: 2))
        let pair = String(cookie.setCookie(for: remembered, now: Harness.now).prefix { $0 != ";" })
        let query = "state=" + RouteValue.make(for: routed)
        let token = TokenMaker.hs256(Harness.claims("GET", "/oauth/done", query: query), secret: Harness.secret)
        var request = SampleRequest(
            "GET", "/oauth/done?\(query)", [("Cookie", pair), ("Authorization", "JWT \(token)")])
        #expect(try harness.tenantNamed(by: request) == .alias(alias))
        request.fields.removeLast()
        #expect(try harness.identify(request) == .routed(.id(routed), .route))
        request.target = "/oauth/done"
        #expect(try harness.identify(request) == .routed(.id(remembered), .cookie))
        #expect(try harness.identify(request, now: Harness.now + 60) == .untenanted)
        request.fields.removeLast()
        #expect(try harness.identify(request) == .untenanted)
    }

    @Test("is nothing while the cookie is off")
    func cookieOff() throws {
        var harness = harness
        let cookie = TenantCookieConfiguration(key: Secret("cookie"), lifetime: .seconds(60))
        let pair = try #require(TenantCookie(cookie)).setCookie(for: TenantID(high: 2, low: 2), now: Harness.now)
        harness.configuration.cookie = nil
        #expect(try harness.identify(SampleRequest("GET", "/", [("Cookie", pair)])) == .untenanted)
    }

    @Test("is refused with two different tokens, and taken with the same one twice")
    func twoTokens() throws {
        let claims: TokenMaker.Claims = [
            "iss": Harness.tenant, "qsh": "context-qsh", "iat": Harness.now, "exp": Harness.now + 60,
        ]
        let one = TokenMaker.hs256(claims, secret: Harness.secret)
        let two = TokenMaker.hs256(claims.merging(["sub": "x"]) { old, _ in old }, secret: Harness.secret)
        for (first, second) in [(one, two), (one, one), (one, "broken"), ("broken", one)] {
            for request in [
                SampleRequest("GET", "/data?jwt=\(first)&jwt=\(second)"),
                SampleRequest("GET", "/data?jwt=\(first)&acpt=\(second)"),
                SampleRequest("GET", "/data?a=b&%6Awt=\(first)&%61cpt=\(second)"),
                SampleRequest("GET", "/data?jwt=\(first)", [("X-acpt", second)]),
                SampleRequest("GET", "/data?acpt=\(first)", [("Authorization", "JWT \(second)")]),
                SampleRequest("GET", "/data", [("Authorization", "JWT \(first)"), ("X-acpt", second)]),
            ] {
                if first == second {
                    #expect(try harness.tenantNamed(by: request) == .alias(alias))
                } else {
                    harness.expectRefusal(.twoTokens, request)
                }
            }
            harness.expectRefusal(
                .twoTokens,
                SampleRequest("GET", "/", [("Authorization", "JWT \(first)"), ("Authorization", "JWT \(second)")]))
            harness.expectRefusal(.twoTokens, SampleRequest("GET", "/", [("X-acpt", first), ("X-acpt", second)]))
        }
    }

    @Test("is refused with a Connect token beside a Forge one")
    func connectAndForge() throws {
        let key = try #require(Harness.forgeKey)
        let forge = TokenMaker.rs256(
            TokenMaker.forgeClaims(appID: Harness.forgeAppID, installation: "i", at: Harness.now), key: key)
        for (target, fields) in [("/x?jwt=a.b.c", []), ("/x?acpt=a.b.c", []), ("/x", [("X-acpt", "a.b.c")])] {
            harness.expectRefusal(
                .twoTokens, SampleRequest("POST", target, fields + [("Authorization", "Bearer \(forge)")]))
        }
        // A bearer token of the app's own may stand beside a token of the host's.
        let token = TokenMaker.hs256(Harness.claims("GET", "/page"), secret: Harness.secret)
        let request = SampleRequest("GET", "/page?jwt=\(token)", [("Authorization", "Bearer own")])
        #expect(try harness.tenantNamed(by: request) == .alias(alias))
    }

    @Test(
        "is nothing for other schemes, other parameters and preflights",
        arguments: [
            ("GET", "/x?JWT=a&jwtx=b&xjwt=c&acptx=d", "Basic abc"), ("GET", "/x", "JWTX a.b.c"),
            ("OPTIONS", "/data", "Digest x"),
            ("GET", "/style.css", "Bearer opaque"), ("GET", "/x?ajwt", "J"),
        ])
    func nothing(method: String, target: String, authorization: String) throws {
        #expect(try harness.identify(Harness.request(method, target, authorization: authorization)) == .untenanted)
    }

    @Test("is where the call will go that a browser asks about, and never a refusal")
    func preflight() throws {
        let token = TokenMaker.hs256(Harness.claims("GET", "/page"), secret: "whatever")
        #expect(try harness.identify(SampleRequest("OPTIONS", "/page?jwt=\(token)")) == .routed(.alias(alias), .route))
        for target in ["/page", "/page?jwt=broken", "/page?jwt=\(token)&acpt=other", "/oauth/x?jwt="] {
            #expect(try harness.identify(SampleRequest("OPTIONS", target)) == .untenanted)
        }
        harness.expectRefusal(
            .badQueryHash,
            Harness.request(
                "OPTIONS", "/page",
                authorization: "JWT "
                    + TokenMaker.hs256(
                        Harness.claims("GET", "/page"), secret: Harness.secret)))
    }

    @Test("is not read from Connect's carriers for an app that is Forge alone")
    func forgeAlone() throws {
        var harness = harness
        harness.configuration.appKey = nil
        #expect(try harness.identify(Harness.request("GET", "/x?jwt=own", authorization: "JWT own")) == .untenanted)
    }

    @Test("names its tenant also where it is refused", arguments: [#"{"alg":"none"}"#, #"{"alg":"RS256"}"#, "broken"])
    func named(header: String) throws {
        let identifier = Identifier(harness.configuration, tokenBytes: 16_384)
        let token = TokenMaker.unsigned(Harness.claims("GET", "/page"), header: header, signature: "AAAA")
        #expect(throws: RouterError.self) {
            try harness.identify(Harness.request("GET", "/page", authorization: "JWT \(token)"), with: identifier)
        }
        #expect(identifier.namedTenant == .alias(alias))
        #expect(throws: RouterError.self) {
            try harness.identify(Harness.request("GET", "/page", authorization: "JWT broken"), with: identifier)
        }
        #expect(identifier.namedTenant == nil)
    }

    @Test("is checked for the last request alone")
    func staleClaim() throws {
        let identifier = Identifier(harness.configuration, tokenBytes: 16_384)
        let token = TokenMaker.hs256(Harness.claims("GET", "/page"), secret: Harness.secret)
        let request = Harness.request("GET", "/page", authorization: "JWT \(token)")
        let claim = try #require(try harness.identify(request, with: identifier).claim)
        _ = try harness.identify(SampleRequest("GET", "/"), with: identifier)
        let (bytes, head) = request.scanned()
        #expect(throws: RouterError.self) {
            try bytes.withUnsafeBytes { bytes in
                try identifier.verify(claim, bytes, head, at: harness.endpoint, keys: harness.keys, now: Harness.now)
            }
        }
    }
}
