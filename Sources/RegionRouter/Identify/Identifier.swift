package import TenantDirectory

/// Who a request is from: first what it says (``classify(_:_:at:now:)``), then, once the tenant's keys are at hand,
/// whether that is true (`verify`).
///
/// One per event loop. It reads bytes and nothing else: no clock, no directory, no network. Its buffers are reused, so
/// a claim means something only until the next call of `classify`; whoever has to wait for a record or a key in between
/// classifies again.
package final class Identifier {
    let calls: CallClassifier
    let appKey: [UInt8]?
    let appKeyText: String
    let forge: ForgeTokenVerifier?
    let forgeAppID: String
    let verifier: TokenVerifier
    let cookie: TenantCookie?
    let tokenBytes: Int
    let reader: TokenReader
    private var canonical = CanonicalRequest()
    /// Which call of `classify` the buffers belong to.
    var generation: UInt64 = 0

    /// Whom the last request named. Places are in the payload; a text is made of them only where one is needed.
    enum Named {
        case nobody
        case connect(Range<Int>)
        case key(TenantKey)
    }
    var named = Named.nobody

    /// - Parameter tokenBytes: the longest token that is read; a longer one is refused.
    package init(_ configuration: IdentifyConfiguration, tokenBytes: Int) {
        calls = CallClassifier(configuration)
        appKey = configuration.appKey.map { Array($0.utf8) }
        appKeyText = configuration.appKey ?? ""
        verifier = TokenVerifier(
            leewaySeconds: configuration.leewaySeconds, honoursPreviousSecret: configuration.honoursPreviousSecret)
        let (environments, times) = (configuration.forgeEnvironments, verifier)
        forge = configuration.forgeAppID.map { ForgeTokenVerifier(appID: $0, environments: environments, times: times) }
        forgeAppID = configuration.forgeAppID ?? ""
        cookie = configuration.cookie.flatMap { TenantCookie($0) }
        self.tokenBytes = tokenBytes
        reader = TokenReader(tokenBytes: tokenBytes)
    }

    /// The tenant that the last request named, also where `classify` threw: in report mode a call that does not verify
    /// goes where that tenant lives. Nobody's word.
    package var namedTenant: TenantKey? {
        switch named {
        case .nobody: nil
        case .connect(let name): .alias(TenantAlias(.connect, app: appKeyText, name: reader.payload.text(name)))
        case .key(let key): key
        }
    }

    /// The tenant that the token of the last `classify` names.
    package func key(of claim: TenantClaim) throws(RouterError) -> TenantKey {
        guard claim.generation == generation else { throw Self.staleClaim }
        return .alias(TenantAlias(.connect, app: appKeyText, name: reader.payload.text(claim.name)))
    }

    /// The entry of that tenant, found by the bytes of the name: no text is made for a call of a tenant at hand.
    func entry(of claim: TenantClaim, in tenants: TenantTable) -> TenantEntry? {
        guard claim.generation == generation else { return nil }
        return reader.payload.json.bytes.withUnsafeBytes { tenants.entry(connectName: $0.part(claim.name)) }
    }

    /// Checks the Connect or session token of the last `classify`: signature, times, and qsh where one is due.
    /// - Parameter now: seconds since 1970.
    /// - Throws: ``RouterError`` of origin `client`.
    package func verify(
        _ claim: TenantClaim, _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, at endpoint: PublicEndpoint,
        keys: TenantKeys, now: Int64
    ) throws(RouterError) {
        guard claim.generation == generation else { throw Self.staleClaim }
        try verifier.verify(reader, keys: keys, now: now)
        switch claim.kind {
        case .host:
            let qsh = reader.payload.claims.queryHash
            guard
                canonical.isHashed(
                    as: reader.payload.json.bytes[qsh], method: bytes.part(head.methodRange),
                    path: bytes.part(head.path),
                    basePath: endpoint.basePathBytes, query: bytes.part(head.query))
            else { throw RouterError(.badQueryHash, "The token's \"qsh\" is not that of this request.") }
        case .context, .session:
            let path = bytes.part(head.path)
            let relative = CanonicalRequest.relativePath(path, basePath: endpoint.basePathBytes)
            guard !calls.declared.declare(head.method, path.part(relative)) else {
                throw RouterError(
                    .contextTokenNotAllowed, "This path is called by the host, with a token made for the call alone.")
            }
        }
    }

    /// Checks the Forge invocation token of the last `classify`.
    /// - Parameter now: seconds since 1970.
    /// - Throws: ``RouterError`` of origin `client`.
    package func verify(_ claim: ForgeClaim, key: RSAPublicKey, now: Int64) throws(RouterError) {
        guard claim.generation == generation, let forge else { throw Self.staleClaim }
        try forge.verify(reader, key: key, now: now)
    }

    /// What the Forge token of the last `classify` says beside the name, for an installation that is not known.
    package func details(of claim: ForgeClaim) -> ForgeDetails {
        guard claim.generation == generation else { return ForgeDetails(cloudID: nil, siteURL: nil) }
        let claims = reader.payload.claims
        return ForgeDetails(
            cloudID: claims.cloudID.isEmpty ? nil : reader.payload.text(claims.cloudID),
            siteURL: claims.siteURL.isEmpty ? nil : reader.payload.text(claims.siteURL))
    }

    private static let staleClaim = RouterError(
        .internalFault, origin: .gateway, "The claim is not that of the last request classified.")
}

extension UnsafeRawBufferPointer {
    /// A part of the bytes; what lies outside of them is cut off.
    func part(_ place: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[place.clamped(to: 0..<count)])
    }
}
