package import TenantDirectory

/// Checks the tokens of lifecycle callbacks (connect-protocol §3.5): `installed` and `uninstalled` are signed with the
/// host's own key pair, `enabled` and `disabled` with the tenant's shared secret.
///
/// Not for the hot path: it reads texts, and makes buffers of its own.
package struct LifecycleTokenVerifier: Sendable {
    private let audiences: [[UInt8]]
    private let times: TokenVerifier
    private let tokenBytes: Int

    /// - Parameters:
    ///   - publicBaseURLs: all URLs the host may call, the plain one and those of the regions: an install token's `aud`
    ///     must be one of them, a slash at the end ignored.
    ///   - tokenBytes: the longest token that is read.
    package init(
        publicBaseURLs: [String], leewaySeconds: Int64 = 30, honoursPreviousSecret: Bool = true,
        tokenBytes: Int = 16_384
    ) {
        audiences = publicBaseURLs.map { Array(Self.trimmed(Array($0.utf8)[...])) }
        times = TokenVerifier(leewaySeconds: leewaySeconds, honoursPreviousSecret: honoursPreviousSecret)
        self.tokenBytes = tokenBytes
    }

    /// Reads the token of a callback, in `Authorization: JWT` or the query's `jwt`, and checks what needs no key.
    /// - Parameter event: decides the algorithm, and whether a `kid` and an `aud` are due.
    /// - Throws: `missingToken`, `twoTokens`, `malformedToken`, `badAlgorithm`, `badClaims`, `badAudience`,
    ///   `badQueryHash`.
    package func read(_ call: HostCall, event: LifecycleEvent) throws(RouterError) -> LifecycleToken {
        let reader = TokenReader(tokenBytes: 0)
        guard try load(call, into: reader) else {
            throw RouterError(.missingToken, "A lifecycle callback needs a token in \"Authorization: JWT …\".")
        }
        try Self.readParts(reader)
        let payload = reader.payload
        guard !payload.claims.issuer.isEmpty else { throw RouterError(.badClaims, "The token has no \"iss\".") }
        var keyID: String?
        if event.isSignedByHost {
            guard reader.algorithm == .rs256 else {
                throw RouterError(.badAlgorithm, "The token's \"alg\" must be RS256 for \"\(event.rawValue)\".")
            }
            keyID = reader.keyName { $0.isUnreserved }
            guard let keyID, KeyNames.isInstallKey(keyID) else {
                throw RouterError(.malformedToken, "The token's \"kid\" is missing, or not the name of a key.")
            }
            guard payload.claims.audience.contains(where: { isOurs(payload, $0) }) else {
                throw RouterError(.badAudience, "The token's \"aud\" is none of the app's base URLs.")
            }
        } else {
            guard reader.algorithm == .hs256 else {
                throw RouterError(.badAlgorithm, "The token's \"alg\" must be HS256 for \"\(event.rawValue)\".")
            }
        }
        try checkHash(call, payload)
        return LifecycleToken(issuer: payload.text(payload.claims.issuer), keyID: keyID, bytes: reader.bytes)
    }

    /// Checks the signature of `installed` or `uninstalled`, and the times.
    /// - Parameter now: seconds since 1970.
    package func verify(_ token: LifecycleToken, key: RSAPublicKey, now: Int64) throws(RouterError) {
        let reader = try Self.reader(token)
        guard reader.algorithm == .rs256, reader.hasSignature({ key.isValidRS256($0, for: $1) }) else {
            throw RouterError(.badSignature, "The token is not signed with the key it names.")
        }
        try times.verifyTimes(reader.payload.claims.times, now: now)
    }

    /// Checks the signature of `enabled` or `disabled`, and the times.
    /// - Parameter now: seconds since 1970.
    package func verify(_ token: LifecycleToken, keys: TenantKeys, now: Int64) throws(RouterError) {
        let reader = try Self.reader(token)
        guard reader.algorithm == .hs256 else {
            throw RouterError(.badAlgorithm, "The token's \"alg\" must be HS256.")
        }
        try times.verify(reader, keys: keys, now: now)
    }

    // MARK: Reading

    private static func readParts(_ reader: TokenReader) throws(RouterError) {
        guard reader.split() else { throw RouterError(.malformedToken, "The token has not three parts.") }
        do {
            try reader.readHeader()
            try reader.readPayload()
        } catch { throw error.refusal }
    }

    private static func reader(_ token: LifecycleToken) throws(RouterError) -> TokenReader {
        let reader = TokenReader(tokenBytes: token.bytes.count)
        token.bytes.withUnsafeBytes { reader.load($0) }
        try readParts(reader)
        return reader
    }

    private func load(_ call: HostCall, into reader: TokenReader) throws(RouterError) -> Bool {
        var bytes = Array((call.authorization ?? "").utf8)
        var head = RequestHead()
        head.authorization = 0..<bytes.count
        head.hasAuthorization = call.authorization != nil
        let start = bytes.count
        bytes += Array(call.query.utf8)
        head.query = start..<bytes.count
        var outcome = Result<Bool, RouterError>.success(false)
        bytes.withUnsafeBytes { bytes in
            outcome = Result { () throws(RouterError) in
                try TokenCarriers.load(bytes, head, limit: tokenBytes, into: reader)
            }
        }
        return try outcome.get()
    }

    private func checkHash(_ call: HostCall, _ payload: ClaimsScanner) throws(RouterError) {
        var canonical = CanonicalRequest()
        let qsh = payload.json.bytes[payload.claims.queryHash]
        let (method, path, query) = (Array(call.method.utf8), Array(call.path.utf8), Array(call.query.utf8))
        let isHashed = method.withUnsafeBytes { method in
            path.withUnsafeBytes { path in
                query.withUnsafeBytes { query in
                    canonical.isHashed(
                        as: qsh, method: method, path: path, basePath: call.endpoint.basePathBytes, query: query)
                }
            }
        }
        guard isHashed else {
            throw RouterError(.badQueryHash, "The token's \"qsh\" is missing, or not that of this request.")
        }
    }

    private func isOurs(_ payload: ClaimsScanner, _ place: Range<Int>) -> Bool {
        let audience = Self.trimmed(payload.json.bytes[place])
        return audiences.contains { $0.elementsEqual(audience) }
    }

    private static func trimmed(_ url: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        url.last == UInt8(ascii: "/") ? url.dropLast() : url
    }
}

/// The token of a lifecycle callback, read and not yet verified.
package struct LifecycleToken: Sendable {
    /// The `clientKey` it speaks for; the body must name the same.
    package let issuer: String
    /// The install key that has to have signed it, of a strict pattern; `nil` for a token signed with a shared secret.
    package let keyID: String?
    /// The token as it was sent.
    let bytes: [UInt8]
}
