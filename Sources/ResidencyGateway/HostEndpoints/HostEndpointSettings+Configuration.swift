import RegionRouter

extension HostEndpointSettings {
    /// From what was configured, and what the plan made of it.
    init(_ configuration: GatewayConfiguration, _ plan: RouterConfiguration) {
        self.init(
            appKey: plan.identify.appKey ?? "", forgeAppID: plan.identify.forgeAppID,
            hostSuffixes: configuration.connect.hostSuffixes, defaultRegion: plan.defaultRegion,
            reinstallWindow: configuration.lifecycle.reinstallWindow,
            previousSecretFor: configuration.lifecycle.previousSecretFor)
    }
}
