import RegionRouter

extension PublicKeyConfiguration {
    /// From what was configured. The Forge set is fetched at start where the app is one of Forge's.
    init(_ configuration: GatewayConfiguration, _ plan: RouterConfiguration) {
        self.init(
            installKeysURL: configuration.connect.installKeysURL.description,
            installKeysURLBySuffix: configuration.connect.keyServers.mapValues(\.description),
            forgeKeySetURL: configuration.forge.jwksURL.description,
            forgeKeySets: configuration.forge.keySets.map { set in
                ForgeKeySet(
                    apiBaseURL: set.apiBaseURL, isolatedCloudLabel: set.isolatedCloudLabel,
                    url: set.jwksURL.description)
            },
            prefetchesForge: plan.identify.forgeAppID != nil, fetchTimeout: configuration.outbound.timeout)
    }
}
