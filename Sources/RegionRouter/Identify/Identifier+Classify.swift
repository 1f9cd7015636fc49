import TenantDirectory

/// The order in which a request's claims count (the table of the design's Identify): the first that applies decides.
extension Identifier {
    /// What the request says it is. Looks at nothing but the bytes.
    /// - Parameter now: seconds since 1970; a cookie expires.
    /// - Throws: ``RouterError`` of origin `client` for a token that is there and cannot be one of ours: two different
    ///   ones, one that is malformed or too long, an algorithm that is not allowed, claims that are missing. Even then
    ///   ``namedTenant`` tells whom it names, where that can be read.
    package func classify(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, at endpoint: PublicEndpoint, now: Int64
    ) throws(RouterError) -> Claimant {
        generation &+= 1
        named = .nobody
        guard !head.repeatsAuthorization else {
            throw RouterError(.twoTokens, "The header Authorization is there more than once.")
        }
        let whole = bytes.part(head.path)
        let path = whole.part(CanonicalRequest.relativePath(whole, basePath: endpoint.basePathBytes))
        if let kind = calls.gatewayCall(head.method, path) { return .gateway(kind) }

        if let bearer = try forgeToken(bytes, head) { return .forge(bearer) }
        if head.isPreflight {
            if let key = preflight(bytes, head) { return .routed(key, .route) }
        } else if appKey != nil, try TokenCarriers.load(bytes, head, limit: tokenBytes, into: reader) {
            return .token(try tenantToken())
        }
        if let key = calls.routes.match(bytes, head, path: path, reader: reader) {
            named = .key(key)
            return .routed(key, .route)
        }
        if let cookie, let tenant = cookie.tenant(bytes, head.cookies, now: now) {
            named = .key(.id(tenant))
            return .routed(.id(tenant), .cookie)
        }
        return .untenanted
    }

    /// A browser's question about the call that follows: of the same URL, without that call's headers, and with another
    /// method than a `qsh` in the URL was made for. It goes where the call will go, and is never refused.
    private func preflight(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) -> TenantKey? {
        do throws(RouterError) {
            guard appKey != nil, try TokenCarriers.load(bytes, head, limit: tokenBytes, into: reader) else {
                return nil
            }
            return try key(of: try tenantToken())
        } catch {
            return nil
        }
    }

    // MARK: Connect and session tokens

    private func tenantToken() throws(RouterError) -> TenantClaim {
        guard reader.split() else { throw Self.malformed }
        // The payload first: whom a bad token names counts in report mode.
        do { try reader.readPayload() } catch { throw error.refusal }
        let (place, kind) = try tenantAndKind()
        named = .connect(place)
        do { try reader.readHeader() } catch { throw error.refusal }
        guard reader.algorithm == .hs256 else {
            throw RouterError(.badAlgorithm, "The token's \"alg\" must be HS256.")
        }
        return TenantClaim(kind: kind, name: place, generation: generation)
    }

    /// Which claim names the tenant, and what sort of token it is (connect-protocol §4.4).
    private func tenantAndKind() throws(RouterError) -> (Range<Int>, TenantClaim.Kind) {
        let payload = reader.payload
        let claims = payload.claims
        guard let appKey, !claims.issuer.isEmpty else { throw RouterError(.badClaims, "The token has no \"iss\".") }
        if payload.equals(claims.issuer, appKey) {
            if !claims.clientKey.isEmpty { return (claims.clientKey, .session) }
            guard let first = claims.audience.first, !first.isEmpty, !payload.equals(first, appKey) else {
                throw RouterError(.badClaims, "The session token names no tenant in \"clientKey\" or \"aud\".")
            }
            return (first, .session)
        }
        // With a qsh it was made for a call, whatever else it says; then that is checked.
        guard claims.queryHash.isEmpty else {
            return (claims.issuer, payload.equals(claims.queryHash, "context-qsh") ? .context : .host)
        }
        guard payload.audienceContains(appKey) else {
            throw RouterError(.badClaims, "The token has no \"qsh\".")
        }
        guard !claims.clientKey.isEmpty else { return (claims.issuer, .session) }
        guard payload.json.bytes[claims.clientKey] == payload.json.bytes[claims.issuer] else {
            throw RouterError(.badClaims, "The session token names two tenants, in \"iss\" and \"clientKey\".")
        }
        return (claims.issuer, .session)
    }

    // MARK: Forge tokens

    /// The Forge invocation token of the request; `nil` for every other bearer token, which is the app's own.
    private func forgeToken(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead
    ) throws(RouterError) -> ForgeClaim? {
        guard forge != nil, head.hasAuthorization,
            let token = TokenCarriers.credentials(bytes.part(head.authorization), scheme: "bearer")
        else { return nil }
        reader.load(token)
        guard reader.split() else { return nil }
        do {
            try reader.readPayload()
        } catch {
            guard reader.payload.json.mentions(ForgeTokenVerifier.issuer) else { return nil }
            throw error.refusal
        }
        let claims = reader.payload.claims
        guard reader.payload.equals(claims.issuer, ForgeTokenVerifier.issuer) else { return nil }
        guard token.count <= tokenBytes else { throw RouterError(.malformedToken, "The token is longer than allowed.") }
        guard !claims.installationID.isEmpty else {
            throw RouterError(.badClaims, "The token has no \"app.installationId\".")
        }
        // It becomes a name in the directory and the value of a field for the app.
        let name = reader.payload.json.bytes[claims.installationID]
        guard name.count <= 255, name.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw RouterError(.badClaims, "The token's \"app.installationId\" is not a name.")
        }
        let alias = TenantAlias(.forge, app: forgeAppID, name: reader.payload.text(claims.installationID))
        named = .key(.alias(alias))
        try refuseOtherTokens(bytes, head)
        return ForgeClaim(alias: alias, keyQuery: try keyQuery(), generation: generation)
    }

    /// A Connect token beside a Forge one is a second token.
    private func refuseOtherTokens(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) throws(RouterError) {
        let other = RouterError(.twoTokens, "The request carries two different tokens.")
        guard head.sessionToken.isEmpty else { throw other }
        let query = bytes.part(head.query)
        for parameter in QueryParameters(query) where TokenCarriers.isCarrier(query.part(parameter.name)) {
            throw other
        }
    }

    private func keyQuery() throws(RouterError) -> PublicKeyQuery {
        do { try reader.readHeader() } catch { throw error.refusal }
        guard reader.algorithm == .rs256 else {
            throw RouterError(.badAlgorithm, "The token's \"alg\" must be RS256.")
        }
        guard let keyID = reader.keyName(allowing: KeyNames.isAllowedInKeySet) else {
            throw RouterError(.malformedToken, "The token's \"kid\" is missing, or not the name of a key.")
        }
        let claims = reader.payload.claims
        var label: String?
        if !claims.isolatedCloudLabel.isEmpty {
            let text = reader.payload.text(claims.isolatedCloudLabel)
            guard KeyNames.isCloudLabel(text) else {
                throw RouterError(.badClaims, "The token's \"icLabel\" is not a label.")
            }
            label = text
        }
        let apiBaseURL = claims.apiBaseURL.isEmpty ? nil : reader.payload.text(claims.apiBaseURL)
        return .forge(kid: keyID, isolatedCloudLabel: label, apiBaseURL: apiBaseURL)
    }

    private static let malformed = RouterError(.malformedToken, "The token has not three parts, joined by full stops.")
}

extension RequestHead {
    /// `OPTIONS` that carries nothing but its URL.
    fileprivate var isPreflight: Bool { method == .options && !hasAuthorization && sessionToken.isEmpty }
}
