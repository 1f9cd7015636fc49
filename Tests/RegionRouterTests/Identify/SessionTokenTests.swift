import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("Session and context tokens")
struct SessionTokenTests {
    private typealias Harness = IdentifierHarness
    private let harness = IdentifierHarness()

    /// What the frameworks make, beside times.
    private static let sessions: [TokenMaker.Claims] = [
        // Atlassian Connect Express.
        ["iss": Harness.appKey, "aud": [Harness.tenant], "sub": "user"],
        ["iss": Harness.appKey, "aud": Harness.tenant],
        // Spring Boot and Play.
        ["iss": Harness.appKey, "aud": [Harness.appKey], "clientKey": Harness.tenant],
        ["iss": Harness.appKey, "clientKey": Harness.tenant, "qsh": "context-qsh"],
        // Of the app's own making.
        ["iss": Harness.tenant, "aud": [Harness.appKey]],
        ["iss": Harness.tenant, "aud": ["other", Harness.appKey], "clientKey": Harness.tenant],
    ]

    @Test("name their tenant in every framework's way, in every carrier", arguments: sessions)
    func kinds(claims: TokenMaker.Claims) throws {
        let token = session(claims)
        for request in [
            Harness.request("GET", "/data?x=1", authorization: "JWT \(token)"),
            SampleRequest("GET", "/data?jwt=\(token)"),
            SampleRequest("PUT", "/data", [("X-acpt", token)]), SampleRequest("GET", "/data?acpt=\(token)&b=c"),
        ] {
            #expect(try harness.identify(request).claim?.kind == .session)
            #expect(try harness.tenantNamed(by: request) == .alias(harness.alias))
        }
    }

    @Test("of the app are refused where the host calls", arguments: sessions)
    func declared(claims: TokenMaker.Claims) {
        let token = session(claims)
        for (method, path) in [("GET", "/page"), ("HEAD", "/page"), ("GET", "/issue/AB-1"), ("POST", "/hook")] {
            harness.expectRefusal(
                .contextTokenNotAllowed, Harness.request(method, path, authorization: "JWT " + token))
        }
        #expect(throws: Never.self) {
            try harness.identify(Harness.request("POST", "/page", authorization: "JWT " + token))
        }
    }

    @Test("of the app keep to their times and their tenant's secret", arguments: sessions)
    func checked(claims: TokenMaker.Claims) {
        var expired = claims
        expired["exp"] = Harness.now - 31
        expired["iat"] = Harness.now - 100
        harness.expectRefusal(.expired, SampleRequest("GET", "/data?acpt=\(session(expired))"))
        let foreign = TokenMaker.hs256(claims.merging(times) { old, _ in old }, secret: "another")
        harness.expectRefusal(.badSignature, SampleRequest("GET", "/data?acpt=\(foreign)"))
    }

    @Test(
        "that name no tenant, or two, are refused",
        arguments: [
            ["iss": Harness.appKey], ["iss": Harness.appKey, "aud": [Harness.appKey]],
            ["iss": Harness.appKey, "aud": [String]()], ["iss": Harness.appKey, "aud": [""]], ["aud": [Harness.appKey]],
            ["iss": Harness.tenant, "aud": ["someone"]],
            ["iss": Harness.tenant, "aud": [Harness.appKey], "clientKey": "tenant-2"],
        ] as [TokenMaker.Claims])
    func nobody(claims: TokenMaker.Claims) {
        harness.expectRefusal(.badClaims, SampleRequest("GET", "/data?jwt=\(session(claims))"))
    }

    @Test("of the host are accepted where it does not call itself")
    func context() throws {
        let token = session(["iss": Harness.tenant, "qsh": "context-qsh"])
        let request = Harness.request("POST", "/data?x=1", authorization: "JWT \(token)")
        #expect(try harness.identify(request).claim?.kind == .context)
        #expect(try harness.tenantNamed(by: request) == .alias(harness.alias))
        for (method, target) in [
            ("GET", "/page"), ("HEAD", "/page?a=b"), ("GET", "/page/"), ("GET", "/PAGE"), ("GET", "/issue/AB-1"),
            ("POST", "/hook"), ("GET", "/%70age"),
        ] {
            harness.expectRefusal(
                .contextTokenNotAllowed, Harness.request(method, target, authorization: "JWT \(token)"))
        }
    }

    @Test("are told from host tokens by the exact text", arguments: ["Context-qsh", "context-qsh ", "context"])
    func exactText(text: String) {
        let token = session(["iss": Harness.tenant, "qsh": text])
        harness.expectRefusal(.badQueryHash, Harness.request("GET", "/data", authorization: "JWT \(token)"))
    }

    private var times: TokenMaker.Claims { ["iat": Harness.now, "exp": Harness.now + 900] }

    private func session(_ claims: TokenMaker.Claims) -> String {
        TokenMaker.hs256(claims.merging(times) { old, _ in old }, secret: Harness.secret)
    }
}
