import RegionRouter
import TenantDirectory
import TestSupport
import Testing

/// An app, its tenants' secrets and a clock, to put requests before an ``Identifier``.
struct IdentifierHarness {
    static let appKey = "com.example.app"
    static let forgeAppID = "ari:cloud:ecosystem::app/1"
    static let tenant = "tenant-1"
    static let secret = "the shared secret of tenant one"
    static let now: Int64 = 1_700_000_000
    /// Made once: it takes a moment.
    static let forgeKey = RSAPrivateKey()

    var configuration = IdentifyConfiguration(
        appKey: appKey, forgeAppID: forgeAppID,
        lifecyclePaths: [
            .installed: "/installed", .uninstalled: "/uninstalled", .enabled: "/enabled", .disabled: "/disabled",
        ],
        declaredCalls: [
            DeclaredCall(method: "GET", path: "/page"), DeclaredCall(method: "GET", path: "/issue/{issue.key}"),
            DeclaredCall(method: "POST", path: "/hook"),
        ])
    var endpoint = PublicEndpoint.sample()
    var tokenBytes = 16_384
    var keys = TenantKeys(current: HMACKey(Secret(secret)))

    /// The tenant whose tokens these are.
    let alias: TenantAlias = TenantAlias(.connect, app: IdentifierHarness.appKey, name: IdentifierHarness.tenant)

    /// What the request says it is, and, where that can be checked, whether it is true.
    @discardableResult
    func identify(_ request: SampleRequest, now: Int64 = now) throws(RouterError) -> Claimant {
        let identifier = Identifier(configuration, tokenBytes: tokenBytes)
        return try identify(request, with: identifier, now: now)
    }

    /// The tenant whose token the request carries, where it verifies.
    func tenantNamed(by request: SampleRequest) throws(RouterError) -> TenantKey? {
        let identifier = Identifier(configuration, tokenBytes: tokenBytes)
        guard let claim = try identify(request, with: identifier).claim else { return nil }
        return try identifier.key(of: claim)
    }

    func identify(
        _ request: SampleRequest, with identifier: Identifier, now: Int64 = now
    ) throws(RouterError) -> Claimant {
        let (bytes, head) = request.scanned()
        let outcome: Result<Claimant, RouterError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(RouterError) in
                let claimant = try identifier.classify(bytes, head, at: endpoint, now: now)
                switch claimant {
                case .token(let claim):
                    try identifier.verify(claim, bytes, head, at: endpoint, keys: keys, now: now)
                case .forge(let claim):
                    guard let pem = Self.forgeKey?.publicPEM, let key = RSAPublicKey(pem: Array(pem.utf8)) else {
                        throw RouterError(.internalFault, "The test has no key.")
                    }
                    try identifier.verify(claim, key: key, now: now)
                case .gateway, .routed, .untenanted: break
                }
                return claimant
            }
        }
        return try outcome.get()
    }

    /// Expects a refusal.
    func expectRefusal(
        _ code: RouterError.Code, _ request: SampleRequest, now: Int64 = now,
        at location: SourceLocation = #_sourceLocation
    ) {
        do throws(RouterError) {
            let claimant = try identify(request, now: now)
            Issue.record("taken for \(claimant)", sourceLocation: location)
        } catch {
            #expect(error.code == code, sourceLocation: location)
            #expect(error.origin == .client, sourceLocation: location)
        }
    }

    /// The claims of a host's call of a path, with some of them changed; `nil` takes one away.
    static func claims(
        _ method: String = "GET", _ path: String, query: String = "", changing: [String: (any Sendable)?] = [:]
    ) -> TokenMaker.Claims {
        var claims = TokenMaker.hostClaims(tenant: tenant, method: method, path: path, query: query, at: now)
        for (name, value) in changing { claims[name] = value }
        return claims
    }

    static func request(
        _ method: String = "GET", _ target: String, authorization: String
    ) -> SampleRequest {
        SampleRequest(method, target, [("Host", "app.example.com"), ("Authorization", authorization)])
    }
}

extension Claimant {
    var claim: TenantClaim? {
        if case .token(let claim) = self { return claim }
        return nil
    }

    var forgeClaim: ForgeClaim? {
        if case .forge(let claim) = self { return claim }
        return nil
    }
}
