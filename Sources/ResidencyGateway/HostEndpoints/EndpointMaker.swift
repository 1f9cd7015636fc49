import Logging
import RealmMigration
import RegionRouter
import TenantDirectory

/// Makes the gateway's own endpoints of a configuration, with what they share whatever the configuration says.
struct EndpointMaker: Sendable {
    let keys: PublicKeyCache
    let directory: Directory
    let journal: any MigrationStore
    let shelf: RollbackShelf
    let logger: Logger
    /// Seconds since 1970.
    let wallClock: @Sendable () -> Int64

    func callAsFunction(
        _ configuration: GatewayConfiguration, _ declaration: Declaration, _ plan: RouterConfiguration
    ) -> GatewayEndpoints {
        let hooks = hooks(configuration, plan)
        shelf.whenPossible(hooks.takeFromShelf)
        return GatewayEndpoints(
            settings: HostEndpointSettings(configuration, plan),
            descriptor: ServedDescriptor.bytes(
                of: declaration, endpoints: plan.endpoints, configuration: configuration
            ).map { HostResponse(status: 200, body: $0) },
            verifier: LifecycleTokenVerifier(
                publicBaseURLs: plan.endpoints.map(\.baseURL), leewaySeconds: plan.identify.leewaySeconds,
                honoursPreviousSecret: plan.identify.honoursPreviousSecret, tokenBytes: plan.limits.tokenBytes),
            keys: keys, directory: directory, hooks: hooks, logger: logger, wallClock: wallClock)
    }

    private func hooks(_ configuration: GatewayConfiguration, _ plan: RouterConfiguration) -> MigrationHooks {

        return MigrationHooks(
            identify: plan.identify, tokenBytes: plan.limits.tokenBytes, regions: plan.knownRegions,
            settings: MigrationHookSettings(
                isSupported: !configuration.stores.isEmpty, atOnce: configuration.migration.atOnce), keys: keys,
            directory: directory, journal: journal, shelf: shelf,
            logger: logger, wallClock: wallClock)
    }
}
