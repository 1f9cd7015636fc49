package import TenantDirectory

/// Who calls a residency hook, checked like any call of the host's: a Connect token with the hash of the call, signed
/// with the tenant's secret, or a Forge invocation token.
///
/// One for each call, with an ``Identifier`` of its own: not for the hot path.
package final class HookIdentifier {
    /// What has to be at hand for ``verify(_:keys:now:)`` or ``verify(_:key:now:)``.
    package enum Caller {
        case connect(TenantKey, TenantClaim)
        case forge(TenantKey, ForgeClaim)
    }

    private let identifier: Identifier
    private let endpoint: PublicEndpoint
    private let bytes: [UInt8]
    private let head: RequestHead

    package init(_ call: HostCall, _ configuration: IdentifyConfiguration, tokenBytes: Int) {
        var configuration = configuration
        // The call is looked at as any other: here the path of the hooks has been recognised already.
        configuration.migrationPaths = []
        (configuration.routes, configuration.cookie) = ([], nil)
        identifier = Identifier(configuration, tokenBytes: tokenBytes)
        endpoint = call.endpoint
        var (bytes, head): ([UInt8], RequestHead) = ([], RequestHead())
        func add(_ text: String) -> Range<Int> {
            let start = bytes.count
            bytes += Array(text.utf8)
            return start..<bytes.count
        }
        head.method = call.method == "GET" ? .get : .post
        head.methodRange = add(call.method)
        head.path = add(call.path)
        head.query = add(call.query)
        head.authorization = add(call.authorization ?? "")
        head.hasAuthorization = call.authorization != nil
        (self.bytes, self.head) = (bytes, head)
    }

    /// - Throws: what is wrong with the token, of origin `client`; `missingToken` for none.
    package func caller(now: Int64) throws(RouterError) -> Caller {
        switch try withBytes({ bytes throws(RouterError) in
            try identifier.classify(bytes, head, at: endpoint, now: now)
        }) {
        case .token(let claim) where claim.kind == .host: return .connect(try identifier.key(of: claim), claim)
        case .token:
            throw RouterError(.contextTokenNotAllowed, "A residency hook needs a token made by the host for the call.")
        case .forge(let claim): return .forge(.alias(claim.alias), claim)
        case .gateway, .routed, .untenanted:
            throw RouterError(
                .missingToken, "A residency hook needs a Connect token in \"Authorization: JWT …\" or a Forge one.")
        }
    }

    package func verify(_ claim: TenantClaim, keys: TenantKeys, now: Int64) throws(RouterError) {
        try withBytes { bytes throws(RouterError) in
            try identifier.verify(claim, bytes, head, at: endpoint, keys: keys, now: now)
        }
    }

    package func verify(_ claim: ForgeClaim, key: RSAPublicKey, now: Int64) throws(RouterError) {
        try identifier.verify(claim, key: key, now: now)
    }

    private func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(RouterError) -> Value
    ) throws(RouterError) -> Value {
        // `withUnsafeBytes` forgets the type of what is thrown.
        let outcome = bytes.withUnsafeBytes { bytes in
            Result { () throws(RouterError) in try body(bytes) }
        }
        return try outcome.get()
    }
}
