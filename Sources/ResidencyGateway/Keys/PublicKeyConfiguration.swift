/// Where the host's public keys are fetched.
package struct PublicKeyConfiguration: Sendable {
    /// The install-keys server; the PEM of a key is at `URL/kid` (`connect.installKeysUrl`).
    package var installKeysURL: String
    /// Other servers by the end of the host name in the install's `baseUrl`; the longest suffix that fits decides.
    package var installKeysURLBySuffix: [String: String]
    /// The Forge key set (`forge.jwksUrl`).
    package var forgeKeySetURL: String
    /// Other sets by the beginning of the token's `app.apiBaseUrl`; the longest beginning that fits decides.
    package var forgeKeySetURLByAPIBase: [String: String]
    /// The set of an isolated cloud, with `{icLabel}` where the label goes; `nil` where there is none.
    package var isolatedKeySetURL: String?
    /// Whether the Forge set is fetched at start, before the first call asks for it.
    package var prefetchesForge: Bool

    package static let defaultInstallKeysURL = "https://connect-install-keys.atlassian.com"
    package static let defaultForgeKeySetURL = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json"
    /// Staging and FedRAMP sandbox, as the host's own framework has them.
    package static let defaultInstallKeysURLBySuffix = [
        ".jira-dev.com": "https://cs-migrations--cdn.us-west-1.staging.public.atl-paas.net",
        ".atlassian-fex.net": "https://cs-migrations--cdn.ap-southeast-1.staging.public.atl-paas.net",
    ]
    package static let defaultForgeKeySetURLByAPIBase = [
        "https://api.stg.atlassian.com/": "https://forge.cdn.stg.atlassian-dev.net/.well-known/jwks.json"
    ]

    package init(
        installKeysURL: String = PublicKeyConfiguration.defaultInstallKeysURL,
        installKeysURLBySuffix: [String: String] = PublicKeyConfiguration.defaultInstallKeysURLBySuffix,
        forgeKeySetURL: String = PublicKeyConfiguration.defaultForgeKeySetURL,
        forgeKeySetURLByAPIBase: [String: String] = PublicKeyConfiguration.defaultForgeKeySetURLByAPIBase,
        isolatedKeySetURL: String? = nil, prefetchesForge: Bool = false
    ) {
        self.installKeysURL = installKeysURL
        self.installKeysURLBySuffix = installKeysURLBySuffix
        self.forgeKeySetURL = forgeKeySetURL
        self.forgeKeySetURLByAPIBase = forgeKeySetURLByAPIBase
        self.isolatedKeySetURL = isolatedKeySetURL
        self.prefetchesForge = prefetchesForge
    }
}
