import NIOCore
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("The token of a lifecycle callback")
struct LifecycleTokenTests {
    private typealias Harness = IdentifierHarness
    private let verifier = LifecycleTokenVerifier(
        publicBaseURLs: ["https://app.example.com", "https://eu.example.com/app/"])
    private let key: RSAPrivateKey
    private let publicKey: RSAPublicKey

    init() throws {
        key = try #require(Harness.forgeKey)
        publicKey = try #require(RSAPublicKey(pem: Array(key.publicPEM.utf8)))
    }

    @Test(
        "of an install is accepted for each of the app's base URLs",
        arguments: [
            "https://app.example.com", "https://app.example.com/", "https://eu.example.com/app",
            "https://eu.example.com/app/",
        ])
    func installed(audience: String) throws {
        let token = TokenMaker.rs256(claims(["aud": audience]), key: key)
        for call in [
            call(.installed, authorization: "JWT \(token)"), call(.installed, query: "jwt=\(token)"),
            call(.installed, authorization: "JWT \(token)", basePath: "/app"),
        ] {
            let read = try verifier.read(call, event: .installed)
            #expect(read.issuer == Harness.tenant && read.keyID == "key-1")
            try verifier.verify(read, key: publicKey, now: Harness.now)
        }
    }

    @Test(
        "of an install is refused for claims that are wrong",
        arguments: [
            (["aud": "https://other.example.com"], .badAudience), (["aud": nil], .badAudience),
            (["aud": "https://app.example.com//"], .badAudience),
            (["aud": ["https://app.example.com.evil"]], .badAudience),
            (["iss": nil], .badClaims), (["iss": ""], .badClaims), (["qsh": nil], .badQueryHash),
            (["qsh": "context-qsh"], .badQueryHash), (["exp": "x"], .badClaims),
        ] as [([String: (any Sendable)?], RouterError.Code)])
    func wrongClaims(changes: [String: (any Sendable)?], code: RouterError.Code) {
        let token = TokenMaker.rs256(claims(changes), key: key)
        expect(code) { try verifier.read(call(.installed, authorization: "JWT \(token)"), event: .installed) }
    }

    @Test("keeps to its times", arguments: LifecycleEvent.allCases)
    func times(event: LifecycleEvent) throws {
        for (changes, now, code) in [
            (["exp": Harness.now], Harness.now + 30, nil), (["exp": Harness.now], Harness.now + 31, .expired),
            (["nbf": Harness.now + 31], Harness.now, .notYetValid), (["exp": nil], Harness.now, .badClaims),
        ] as [([String: (any Sendable)?], Int64, RouterError.Code?)] {
            let read = try verifier.read(signed(event, changes), event: event)
            if let code {
                expect(code) { try verify(read, event, now: now) }
            } else {
                #expect(throws: Never.self) { try verify(read, event, now: now) }
            }
        }
    }

    @Test("of an install is refused with the wrong algorithm or key")
    func algorithms() throws {
        let shared = TokenMaker.hs256(claims(), secret: key.publicPEM)
        expect(.badAlgorithm) { try verifier.read(call(.installed, authorization: "JWT \(shared)"), event: .installed) }
        let none = TokenMaker.unsigned(claims(), header: #"{"alg":"none","kid":"key-1"}"#)
        expect(.badAlgorithm) { try verifier.read(call(.installed, authorization: "JWT \(none)"), event: .installed) }
        let other = try #require(RSAPrivateKey())
        let foreign = TokenMaker.rs256(claims(), key: other, keyID: "fake-kid")
        let read = try verifier.read(call(.installed, authorization: "JWT \(foreign)"), event: .installed)
        expect(.badSignature) { try verifier.verify(read, key: publicKey, now: Harness.now) }
        expect(.badAlgorithm) {
            try verifier.verify(read, keys: TenantKeys(current: HMACKey(Secret(Harness.secret))), now: Harness.now)
        }
    }

    @Test(
        "of an install is refused for a key's name that cannot be part of a URL",
        arguments: [
            "", ".", "..", "...", "a/b", "../x", "a?b", "a#b", "a%2Fb", "a b", "é", "a~", "http://x",
            String(repeating: "a", count: 201),
        ])
    func keyNames(name: String) {
        let token = TokenMaker.rs256(claims(), key: key, keyID: name)
        expect(.malformedToken) {
            try verifier.read(call(.installed, authorization: "JWT \(token)"), event: .installed)
        }
    }

    @Test(
        "of `enabled` and `disabled` is signed with the shared secret", arguments: [LifecycleEvent.enabled, .disabled])
    func symmetric(event: LifecycleEvent) throws {
        let read = try verifier.read(signed(event), event: event)
        #expect(read.issuer == Harness.tenant && read.keyID == nil)
        try verify(read, event, now: Harness.now)
        expect(.badSignature) {
            try verifier.verify(read, keys: TenantKeys(current: HMACKey(Secret("other"))), now: Harness.now)
        }
        expect(.badSignature) { try verifier.verify(read, key: publicKey, now: Harness.now) }
        let hostSigned = TokenMaker.rs256(claims(event: event), key: key)
        expect(.badAlgorithm) { try verifier.read(call(event, authorization: "JWT " + hostSigned), event: event) }
    }

    @Test("is due, once, and for this call", arguments: LifecycleEvent.allCases)
    func due(event: LifecycleEvent) throws {
        expect(.missingToken) { try verifier.read(call(event, authorization: nil), event: event) }
        expect(.missingToken) { try verifier.read(call(event, authorization: "Bearer x.y.z"), event: event) }
        expect(.malformedToken) { try verifier.read(call(event, authorization: "JWT x"), event: event) }
        expect(.malformedToken) {
            try verifier.read(call(event, authorization: "JWT " + String(repeating: "x", count: 20_000)), event: event)
        }
        let authorization = try #require(signed(event).authorization)
        expect(.twoTokens) {
            try verifier.read(call(event, authorization: authorization, query: "jwt=a.b.c"), event: event)
        }
        expect(.badQueryHash) {
            try verifier.read(call(event, authorization: authorization, query: "a=b"), event: event)
        }
        let elsewhere = call(event == .installed ? .enabled : .installed, authorization: authorization)
        expect(.badQueryHash) { try verifier.read(elsewhere, event: event) }
    }

    private func claims(
        _ changes: [String: (any Sendable)?] = [:], event: LifecycleEvent = .installed
    ) -> TokenMaker.Claims {
        var changes = changes
        if changes["aud"] == nil { changes["aud"] = "https://app.example.com" }
        return Harness.claims("POST", "/\(event.rawValue)", changing: changes)
    }

    private func signed(_ event: LifecycleEvent, _ changes: [String: (any Sendable)?] = [:]) -> HostCall {
        let claims = claims(changes, event: event)
        let token =
            event.isSignedByHost ? TokenMaker.rs256(claims, key: key) : TokenMaker.hs256(claims, secret: Harness.secret)
        return call(event, authorization: "JWT \(token)")
    }

    private func verify(_ token: LifecycleToken, _ event: LifecycleEvent, now: Int64) throws(RouterError) {
        if event.isSignedByHost {
            try verifier.verify(token, key: publicKey, now: now)
        } else {
            try verifier.verify(token, keys: TenantKeys(current: HMACKey(Secret(Harness.secret))), now: now)
        }
    }

    private func call(
        _ event: LifecycleEvent, authorization: String? = nil, query: String = "", basePath: String = ""
    ) -> HostCall {
        HostCall(
            kind: .lifecycle(event), requestID: "1", method: "POST", path: "\(basePath)/\(event.rawValue)",
            query: query,
            endpoint: .sample(basePath: basePath), authorization: authorization, body: ByteBuffer())
    }

    private func expect(
        _ code: RouterError.Code, at location: SourceLocation = #_sourceLocation, _ act: () throws -> some Any
    ) {
        let error = #expect(throws: RouterError.self, sourceLocation: location) { _ = try act() }
        #expect(error?.code == code, sourceLocation: location)
    }
}
