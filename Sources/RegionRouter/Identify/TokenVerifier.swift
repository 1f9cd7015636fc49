import TenantDirectory

/// Whether a tenant's secret signed the token that was read, and whether it is its time (RFC 7519 §4.1).
struct TokenVerifier {
    /// Seconds a token may be past `exp` or before `nbf`.
    let leewaySeconds: Int64
    let honoursPreviousSecret: Bool

    /// - Throws: `badSignature`, `badClaims`, `expired` or `notYetValid`.
    func verify(_ reader: TokenReader, keys: TenantKeys, now: Int64) throws(RouterError) {
        let previous = honoursPreviousSecret && now <= keys.previousUntil ? keys.previous : nil
        let isSigned = reader.hasSignature { signature, message in
            if let key = keys.current, key.isValid(signature, for: message) { return true }
            return previous?.isValid(signature, for: message) ?? false
        }
        guard isSigned else {
            throw RouterError(.badSignature, "The token is not signed with the tenant's shared secret.")
        }
        guard reader.payload.claims.times.issuedAt != nil else {
            throw RouterError(.badClaims, "The token has no \"iat\".")
        }
        try verifyTimes(reader.payload.claims.times, now: now)
    }

    /// `exp` is required, `nbf` and `iat` must fit where they are there.
    func verifyTimes(_ times: Claims.Times, now: Int64) throws(RouterError) {
        guard let expiry = times.expiry else { throw RouterError(.badClaims, "The token has no \"exp\".") }
        guard now <= expiry + leewaySeconds else { throw RouterError(.expired, "The token has expired.") }
        if let issued = times.issuedAt, issued > expiry {
            throw RouterError(.badClaims, "The token's \"iat\" is after its \"exp\".")
        }
        if let start = times.notBefore {
            guard start <= expiry else { throw RouterError(.badClaims, "The token's \"nbf\" is after its \"exp\".") }
            guard start <= now + leewaySeconds else {
                throw RouterError(.notYetValid, "The token is not valid yet.")
            }
        }
    }
}
