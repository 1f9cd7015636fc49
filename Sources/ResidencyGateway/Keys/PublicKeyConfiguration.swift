/// Where the host's public keys are fetched.
package struct PublicKeyConfiguration: Sendable {
    /// The install-keys server; the PEM of a key is at `URL/kid` (`connect.installKeysUrl`).
    package var installKeysURL: String
    /// Other servers by the end of the host name in the install's `baseUrl`; the longest suffix that fits decides.
    package var installKeysURLBySuffix: [String: String]
    /// The Forge key set (`forge.jwksUrl`).
    package var forgeKeySetURL: String
    /// Other sets, asked in order before the ordinary one.
    package var forgeKeySets: [ForgeKeySet]
    /// Whether the Forge set is fetched at start, before the first call asks for it.
    package var prefetchesForge: Bool
    /// One fetch, from the call to the last byte (`outbound.timeout`).
    package var fetchTimeout: Duration

    /// A key set other than the ordinary one, and the tokens it is for.
    package struct ForgeKeySet: Sendable, Equatable {
        /// What the token's `app.apiBaseUrl` begins with; `nil` for any.
        package var apiBaseURL: String?
        /// What the token's `icLabel` is; `nil` for a token without one.
        package var isolatedCloudLabel: String?
        package var url: String

        package init(apiBaseURL: String? = nil, isolatedCloudLabel: String? = nil, url: String) {
            self.apiBaseURL = apiBaseURL
            self.isolatedCloudLabel = isolatedCloudLabel
            self.url = url
        }
    }

    package init(
        installKeysURL: String, installKeysURLBySuffix: [String: String] = [:], forgeKeySetURL: String,
        forgeKeySets: [ForgeKeySet] = [], prefetchesForge: Bool = false, fetchTimeout: Duration = .seconds(4)
    ) {
        self.installKeysURL = installKeysURL
        self.installKeysURLBySuffix = installKeysURLBySuffix
        self.forgeKeySetURL = forgeKeySetURL
        self.forgeKeySets = forgeKeySets
        self.prefetchesForge = prefetchesForge
        self.fetchTimeout = fetchTimeout
    }
}
