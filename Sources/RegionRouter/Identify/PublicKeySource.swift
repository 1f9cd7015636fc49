package import TenantDirectory

/// Where the host's public keys come from. Implemented outside the router, which knows no client.
package protocol PublicKeySource: Sendable {
    /// The key if it is at hand and still good; never waits, never fetches.
    func cached(_ query: PublicKeyQuery) -> RSAPublicKey?

    /// The key, fetched where it must be; one fetch however many ask.
    /// - Throws: ``RouterError`` with `unknownKey` (the server does not know it) or `keyServerUnavailable` (the server
    ///   is down, or answers with what is not a key), origin `client` or `gateway`.
    func key(_ query: PublicKeyQuery) async throws(RouterError) -> RSAPublicKey
}

/// Which key of whom. The texts come from unverified tokens: the source checks them against a strict pattern before
/// they become part of a URL.
package enum PublicKeyQuery: Hashable, Sendable {
    /// A PEM by its `kid`, from the install-keys server that belongs to the host name of the body's `baseUrl`.
    case install(kid: String, hostName: String)
    /// A key of the Forge key set; `icLabel` and the token's `app.apiBaseUrl` choose among sets.
    case forge(kid: String, isolatedCloudLabel: String?, apiBaseURL: String?)
}
