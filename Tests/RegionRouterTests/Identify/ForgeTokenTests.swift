@testable import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A Forge invocation token")
struct ForgeTokenTests {
    private typealias Harness = IdentifierHarness
    private let harness = IdentifierHarness()
    private let key: RSAPrivateKey

    init() throws { key = try #require(Harness.forgeKey) }

    @Test("names its installation and its key")
    func accepted() throws {
        let identifier = Identifier(harness.configuration, tokenBytes: 16_384)
        let claim = try #require(
            try harness.identify(request(TokenMaker.rs256(claims(), key: key)), with: identifier).forgeClaim)
        #expect(claim.alias == TenantAlias(.forge, app: Harness.forgeAppID, name: "ari:installation-1"))
        #expect(
            claim.keyQuery
                == .forge(
                    kid: "key-1", isolatedCloudLabel: nil, apiBaseURL: "https://api.atlassian.com/ex/jira/cloud-1"))
        #expect(
            identifier.details(of: claim) == ForgeDetails(cloudID: "cloud-1", siteURL: "https://one.atlassian.net"))
        #expect(identifier.namedTenant == .alias(claim.alias))
    }

    @Test("is accepted with an audience list, a slash in the key's name, and a label of an isolated cloud")
    func variants() throws {
        let token = TokenMaker.rs256(
            claims(["aud": ["x", Harness.forgeAppID], "icLabel": "ic_1-a"]), key: key, keyID: "forge/invocation-token/1"
        )
        let claim = try #require(try harness.identify(request(token)).forgeClaim)
        #expect(
            claim.keyQuery
                == .forge(
                    kid: "forge/invocation-token/1", isolatedCloudLabel: "ic_1-a",
                    apiBaseURL: "https://api.atlassian.com/ex/jira/cloud-1"))
    }

    @Test(
        "is refused for claims that are wrong",
        arguments: [
            (["aud": "ari:cloud:ecosystem::app/2"], .badAudience), (["aud": nil], .badAudience),
            (["aud": [String]()], .badAudience), (["exp": Harness.now - 31], .expired), (["exp": nil], .badClaims),
            (["nbf": Harness.now + 31, "exp": Harness.now + 60], .notYetValid), (["app": nil], .badClaims),
            (["app": ["environment": ["type": "PRODUCTION"]] as TokenMaker.Claims], .badClaims),
            (["app": ["installationId": ""] as TokenMaker.Claims], .badClaims),
            (["app": ["installationId": "i"] as TokenMaker.Claims], .badEnvironment),
            (["icLabel": "IC"], .badClaims), (["icLabel": "../x"], .badClaims), (["icLabel": "a.b"], .badClaims),
            (["icLabel": String(repeating: "a", count: 51)], .badClaims), (["icLabel": 1], .badClaims),
            (["exp": "1"], .badClaims), (["exp": 1.5e15], .malformedToken),
        ] as [([String: (any Sendable)?], RouterError.Code)])
    func wrongClaims(changes: [String: (any Sendable)?], code: RouterError.Code) {
        var changes = changes
        if case .some(.some(let expiry as Int64)) = changes["exp"], expiry < Harness.now {
            changes["iat"] = expiry - 25
            changes["nbf"] = expiry - 25
        }
        harness.expectRefusal(code, request(TokenMaker.rs256(claims(changes), key: key)))
    }

    @Test(
        "is refused from an environment that is not accepted", arguments: ["DEVELOPMENT", "STAGING", "production", ""])
    func environments(environment: String) {
        let claims = TokenMaker.forgeClaims(
            appID: Harness.forgeAppID, installation: "i", at: Harness.now, environment: environment)
        harness.expectRefusal(.badEnvironment, request(TokenMaker.rs256(claims, key: key)))
        var harness = harness
        harness.configuration.forgeEnvironments = ["PRODUCTION", "STAGING"]
        if environment == "STAGING" {
            #expect(throws: Never.self) { try harness.identify(request(TokenMaker.rs256(claims, key: key))) }
        }
    }

    @Test("is refused with any other algorithm", arguments: ["none", "NONE", "HS256", "RS384", "PS256", "rs256", ""])
    func algorithms(name: String) {
        let header = #"{"alg":"\#(name)","kid":"key-1"}"#
        let json = TokenMaker.json(claims())
        harness.expectRefusal(
            .badAlgorithm, request(TokenMaker.hs256(json: json, secret: Array(key.publicPEM.utf8), header: header)))
        harness.expectRefusal(.badAlgorithm, request(TokenMaker.rs256(json: json, key: key, header: header)))
    }

    @Test(
        "is refused for a key's name that is none",
        arguments: [
            "", " ", "a b", "a\\nb", "a?b", "a#b", "é", "%2e", "a\\\\b", "<", String(repeating: "a", count: 201),
        ])
    func keyNames(name: String) {
        let header = #"{"alg":"RS256","kid":"\#(name)"}"#
        harness.expectRefusal(
            .malformedToken, request(TokenMaker.rs256(json: TokenMaker.json(claims()), key: key, header: header)))
    }

    @Test("is refused with another key's signature, or a changed payload")
    func signature() throws {
        let other = try #require(RSAPrivateKey())
        harness.expectRefusal(.badSignature, request(TokenMaker.rs256(claims(), key: other)))
        let one = TokenMaker.rs256(claims(), key: key).split(separator: ".")
        let two = TokenMaker.rs256(claims(["jti": "token-2"]), key: key).split(separator: ".")
        harness.expectRefusal(.badSignature, request("\(one[0]).\(two[1]).\(one[2])"))
        harness.expectRefusal(.badSignature, request("\(one[0]).\(one[1])."))
        harness.expectRefusal(.badSignature, request("\(one[0]).\(one[1]).\(String(repeating: "A", count: 6_000))"))
    }

    @Test(
        "is refused for what only some readers take for its payload",
        arguments: [
            #"{"iss":"forge/invocation-token","iss":"x"}"#, #"{"iss":"x","iss":"forge\/invocation-token"}"#,
            #"{"iss":"forge/invocation-token""#, #"{"iss":"forge/invocation-token","exp":1e999}"#,
            #"{"iss":"forge/invocation-token","x":\#(String(repeating: "[", count: 40))"#,
        ])
    func payloads(json: String) {
        let header = #"{"alg":"RS256","kid":"key-1"}"#
        #expect(throws: RouterError.self) {
            try harness.identify(request(TokenMaker.rs256(json: Array(json.utf8), key: key, header: header)))
        }
    }

    @Test("is refused when it is longer than allowed")
    func length() {
        let token = TokenMaker.rs256(claims(["x": String(repeating: "x", count: 16_384)]), key: key)
        harness.expectRefusal(.malformedToken, request(token))
    }

    @Test(
        "is told from the app's own bearer tokens, which are not looked at",
        arguments: [
            "opaque", "", "a.b.c", "a.b", "....", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJtZSJ9.",
            String(repeating: "x", count: 20_000),
        ])
    func otherBearers(token: String) throws {
        #expect(try harness.identify(request(token)) == .untenanted)
        #expect(try harness.identify(Harness.request("GET", "/x", authorization: "bearer " + token)) == .untenanted)
    }

    @Test("is told from the app's own tokens of the same form")
    func ownTokens() throws {
        for claims in [["iss": "forge/invocation-token2"], ["iss": 1], ["iss": ["a"], "exp": "x"]]
            as [TokenMaker.Claims]
        {
            #expect(try harness.identify(request(TokenMaker.rs256(claims, key: key))) == .untenanted)
        }
    }

    @Test("is not looked at for an app that is Connect alone")
    func connectAlone() throws {
        var harness = harness
        harness.configuration.forgeAppID = nil
        #expect(try harness.identify(request(TokenMaker.rs256(claims(), key: key))) == .untenanted)
    }

    private func claims(_ changes: [String: (any Sendable)?] = [:]) -> TokenMaker.Claims {
        var claims = TokenMaker.forgeClaims(
            appID: Harness.forgeAppID, installation: "ari:installation-1", at: Harness.now)
        for (name, value) in changes { claims[name] = value }
        return claims
    }

    private func request(_ token: String) -> SampleRequest {
        Harness.request("POST", "/remote", authorization: "Bearer \(token)")
    }
}
