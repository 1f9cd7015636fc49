import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

/// Forge invocation tokens that an attacker could make, or the owner of another app could have.
@Suite("A forged or misused Forge token", .serialized)
struct ForgedForgeTokenTests {
    typealias Claims = TokenMaker.Claims

    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        let code: RouterError.Code
        let token: @Sendable (Int64) -> String

        init(_ name: String, _ code: RouterError.Code, _ token: @escaping @Sendable (Int64) -> String) {
            self.name = name
            self.code = code
            self.token = token
        }

        var testDescription: String { name }
    }

    private static let key = RSAPrivateKey()
    private static let otherKey = RSAPrivateKey()

    @Test("is refused with 401, makes no tenant, and the app hears nothing of it", arguments: forgeries)
    func refused(forgery: Forgery) async throws {
        let publicKey = try #require(Self.key.flatMap { RSAPublicKey(modulus: $0.modulus, exponent: $0.exponent) })
        try await RouterFixture.run(keys: OneKey(publicKey)) { fixture in
            let response = try Self.call(fixture, forgery.token(WallClock.seconds()))
            #expect(response.status == 401, "\(response.head)")
            #expect(response.field("x-residency-error") == forgery.code.rawValue)
            #expect(fixture.eu.requests.isEmpty && fixture.us.requests.isEmpty)
            let installation = TenantKey.alias(TenantAlias(.forge, app: RouterFixture.forgeAppID, name: "i-1"))
            #expect(try await fixture.directory.tenant(installation) == nil)
        }
    }

    @Test("is told from a good one, which makes the tenant where it called", arguments: ["eu", "us"])
    func good(host: String) async throws {
        let publicKey = try #require(Self.key.flatMap { RSAPublicKey(modulus: $0.modulus, exponent: $0.exponent) })
        try await RouterFixture.run(keys: OneKey(publicKey)) { fixture in
            for called in [host, "eu", "us"] {
                let response = try Self.call(fixture, Self.signed(WallClock.seconds()), host: called)
                #expect(response.status == 200)
                #expect(response.text.hasPrefix(host))
                #expect(response.text.contains("X-Residency-Tenant: i-1\r\n"))
            }
        }
    }

    private static func call(
        _ fixture: RouterFixture, _ token: String, host: String = "eu"
    ) throws -> RawResponse {
        let socket = try fixture.connect()
        try socket.send(
            "POST /echo HTTP/1.1\r\nHost: \(host).example.com\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Length: 2\r\n\r\n{}")
        return try socket.receiveResponse()
    }

    private static func claims(_ now: Int64) -> Claims {
        TokenMaker.forgeClaims(appID: RouterFixture.forgeAppID, installation: "i-1", at: now)
    }

    /// A good token but for these claims; `nil` takes one away.
    private static func signed(
        _ now: Int64, _ changes: [String: (any Sendable)?] = [:], by key: RSAPrivateKey? = key
    ) -> String {
        var claims = claims(now)
        for (name, value) in changes { claims[name] = value }
        return key.map { TokenMaker.rs256(claims, key: $0) } ?? ""
    }

    private static func withHeader(_ now: Int64, _ header: String) -> String {
        key.map { TokenMaker.rs256(json: TokenMaker.json(claims(now)), key: $0, header: header) } ?? ""
    }

    private static func cut(_ token: String, _ change: (inout [String]) -> Void) -> String {
        var parts = token.components(separatedBy: ".")
        change(&parts)
        return parts.joined(separator: ".")
    }

    static let forgeries: [Forgery] = [
        Forgery("another key pair's signature", .badSignature) { signed($0, by: otherKey) },
        Forgery("a changed signature", .badSignature) { cut(signed($0)) { $0[2] = "AAAA" + $0[2].dropFirst(4) } },
        Forgery("no signature", .badSignature) { cut(signed($0)) { $0[2] = "" } },
        Forgery("a signature of zeros", .badSignature) {
            cut(signed($0)) { $0[2] = String(repeating: "A", count: $0[2].count) }
        },
        Forgery("claims of another token", .badSignature) { now in
            let other = signed(now, ["jti": "other"]).components(separatedBy: ".")
            return cut(signed(now)) { $0[1] = other[1] }
        },
        Forgery("alg none", .badAlgorithm) {
            TokenMaker.unsigned(claims($0), header: #"{"alg":"none","kid":"key-1"}"#)
        },
        Forgery("alg NONE", .badAlgorithm) {
            TokenMaker.unsigned(claims($0), header: #"{"alg":"NONE","kid":"key-1"}"#)
        },
        Forgery("HS256 with the public key as the secret", .badAlgorithm) { now in
            TokenMaker.hs256(
                claims(now), secret: key?.publicPEM ?? "", header: #"{"alg":"HS256","kid":"key-1"}"#)
        },
        Forgery("RS384", .badAlgorithm) { withHeader($0, #"{"alg":"RS384","kid":"key-1"}"#) },
        Forgery("no kid", .malformedToken) { withHeader($0, #"{"alg":"RS256"}"#) },
        Forgery("a kid with a blank", .malformedToken) { withHeader($0, #"{"alg":"RS256","kid":"key 1"}"#) },
        Forgery("a kid with a line end", .malformedToken) {
            withHeader($0, #"{"alg":"RS256","kid":"key-1\r\nevil"}"#)
        },
        Forgery("a key of its own in the header", .malformedToken) {
            withHeader($0, #"{"alg":"RS256","jku":"http://evil.com/keys"}"#)
        },
        Forgery("another app as audience", .badAudience) {
            signed($0, ["aud": "ari:cloud:ecosystem::app/00000000-0000-0000-0000-000000000000"])
        },
        Forgery("no audience", .badAudience) { signed($0, ["aud": nil]) },
        Forgery("a development environment", .badEnvironment) { now in
            signed(
                now,
                [
                    "app": TokenMaker.forgeClaims(
                        appID: RouterFixture.forgeAppID, installation: "i-1", at: now, environment: "DEVELOPMENT")[
                            "app"]
                ])
        },
        Forgery("expired by a second over the leeway", .expired) { signed($0, ["exp": $0 - 31]) },
        Forgery("not yet valid", .notYetValid) { signed($0, ["nbf": $0 + 60, "exp": $0 + 90]) },
        Forgery("no exp", .badClaims) { signed($0, ["exp": nil]) },
        Forgery("no installation", .badClaims) { signed($0, ["app": ["id": RouterFixture.forgeAppID] as Claims]) },
        Forgery("an installation with a line end in it", .badClaims) { now in
            let named = TokenMaker.forgeClaims(
                appID: RouterFixture.forgeAppID, installation: "i-1\r\nX-Evil: 1", at: now)
            return signed(now, ["app": named["app"]])
        },
        Forgery("a label of a cloud that is no label", .badClaims) { signed($0, ["icLabel": "../evil"]) },
        Forgery("a label with a host name in it", .badClaims) { signed($0, ["icLabel": "evil.com/x?"]) },
    ]
}
