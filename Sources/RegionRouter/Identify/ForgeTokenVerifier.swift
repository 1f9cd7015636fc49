import TenantDirectory

/// Whether Forge signed an invocation token for this app, and whether it is its time (connect-protocol §8.3).
struct ForgeTokenVerifier {
    static let issuer: StaticString = "forge/invocation-token"

    let appID: [UInt8]
    let environments: [[UInt8]]
    let times: TokenVerifier

    init(appID: String, environments: Set<String>, times: TokenVerifier) {
        self.appID = Array(appID.utf8)
        self.environments = environments.map { Array($0.utf8) }
        self.times = times
    }

    /// - Throws: `badSignature`, `badClaims`, `badAudience`, `badEnvironment`, `expired` or `notYetValid`.
    func verify(_ reader: TokenReader, key: RSAPublicKey, now: Int64) throws(RouterError) {
        guard reader.hasSignature({ key.isValidRS256($0, for: $1) }) else {
            throw RouterError(.badSignature, "The token is not signed with the key it names.")
        }
        let payload = reader.payload
        guard payload.equals(payload.claims.issuer, Self.issuer) else {
            throw RouterError(.badClaims, "The token's \"iss\" is not that of a Forge invocation token.")
        }
        guard payload.audienceContains(appID) else {
            throw RouterError(.badAudience, "The token's \"aud\" is not this app.")
        }
        guard environments.contains(where: { payload.equals(payload.claims.environmentType, $0) }) else {
            throw RouterError(
                .badEnvironment, "The token's \"app.environment.type\" is not accepted; see forge.environments.")
        }
        try times.verifyTimes(payload.claims.times, now: now)
    }
}
