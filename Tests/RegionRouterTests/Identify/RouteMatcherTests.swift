import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("The routes of the configuration")
struct RouteMatcherTests {
    private typealias Harness = IdentifierHarness
    private let known = TenantID(high: 3, low: 4)

    @Test("name a tenant by a part of the path")
    func path() throws {
        let routes = [TenantRoute(path: "/hooks/{tenant}/in", source: .path)]
        #expect(try match(routes, "/hooks/abc/in?x=y") == connect("abc"))
        #expect(try match(routes, "/hooks/a%2Fb/in") == connect("a/b"))
        #expect(try match(routes, "/hooks/\(RouteValue.make(for: known))/in") == .id(known))
        #expect(try match(routes, "/hooks//in") == nil)
        #expect(try match(routes, "/hooks/abc/out") == nil)
        #expect(try match(routes, "/hooks/%FF/in") == nil)
        #expect(try match(routes, "/hooks/\(String(repeating: "a", count: 600))/in") == nil)
    }

    @Test("name a tenant by a parameter")
    func query() throws {
        let routes = [TenantRoute(path: "/oauth/*", source: .query("state"))]
        let state = RouteValue.make(for: known)
        #expect(try match(routes, "/oauth/done?code=1&state=\(state).nonce") == .id(known))
        #expect(try match(routes, "/oauth/done?st%61te=a+b") == connect("a b"))
        #expect(try match(routes, "/oauth/done?state=a&state=a") == connect("a"))
        #expect(try match(routes, "/oauth/done?state=a&state=b") == nil)
        #expect(try match(routes, "/oauth/done?state=") == nil)
        #expect(try match(routes, "/oauth/done") == nil)
        #expect(try match(routes, "/other?state=a") == nil)
    }

    @Test("name a tenant by a header")
    func header() throws {
        let routes = [TenantRoute(path: "/in", source: .header("x-tenant"))]
        #expect(try match(routes, "/in", [("X-Tenant", " abc ")]) == connect("abc"))
        #expect(try match(routes, "/in", [("A", "b"), ("x-tenant", "abc"), ("c", "d")]) == connect("abc"))
        #expect(try match(routes, "/in", [("X-Tenant", "a"), ("X-Tenant", "a")]) == nil)
        #expect(try match(routes, "/in", [("X-Tenant2", "a"), ("X-Tenan", "a"), ("Y", "X-Tenant: a")]) == nil)
    }

    @Test("name a tenant by a claim of a bearer token, unchecked")
    func claim() throws {
        let routes = [TenantRoute(path: "/api/*", source: .bearerClaim("tenant"))]
        let token = TokenMaker.hs256(["tenant": "abc", "iss": "me"], secret: "the app's own")
        #expect(try match(routes, "/api/x", [("Authorization", "Bearer " + token)]) == connect("abc"))
        let other = TokenMaker.hs256(["x": 1], secret: "the app's own")
        #expect(try match(routes, "/api/x", [("Authorization", "Bearer \(other)")]) == nil)
        #expect(try match(routes, "/api/x", [("Authorization", "Bearer opaque")]) == nil)
        #expect(try match(routes, "/api/x", [("Authorization", "Basic \(token)")]) == nil)
        #expect(try match(routes, "/api/x") == nil)
    }

    @Test("are tried in order, and the first whose part is there decides")
    func order() throws {
        let routes = [
            TenantRoute(path: "/a/*", source: .query("one")), TenantRoute(path: "/a/*", source: .query("two")),
            TenantRoute(path: "/a/{tenant}", source: .path),
        ]
        #expect(try match(routes, "/a/x?two=2&one=1") == connect("1"))
        #expect(try match(routes, "/a/x?two=2") == connect("2"))
        #expect(try match(routes, "/a/x") == connect("x"))
        #expect(try match(routes, "/a/x/y") == nil)
    }

    @Test("know an installation of Forge by its form, or by there being no other name")
    func forge() throws {
        let routes = [TenantRoute(path: "/a/{tenant}", source: .path)]
        let installation = "ari:cloud:ecosystem::installation/1"
        let alias = TenantAlias(.forge, app: Harness.forgeAppID, name: installation)
        #expect(try match(routes, "/a/" + installation.split(separator: "/").joined(separator: "%2F")) == .alias(alias))
        #expect(
            try match(routes, "/a/x", appKey: nil) == .alias(TenantAlias(.forge, app: Harness.forgeAppID, name: "x")))
    }

    private func connect(_ name: String) -> TenantKey {
        .alias(TenantAlias(.connect, app: Harness.appKey, name: name))
    }

    private func match(
        _ routes: [TenantRoute], _ target: String, _ fields: [(String, String)] = [], appKey: String? = Harness.appKey
    ) throws -> TenantKey? {
        var harness = Harness()
        harness.configuration.routes = routes
        harness.configuration.appKey = appKey
        switch try harness.identify(SampleRequest("GET", target, fields)) {
        case .routed(let key, .route): return key
        default: return nil
        }
    }
}
