import Logging
import RegionRouter
import TenantDirectory

/// The parts of a gateway that go on with another configuration while they serve.
struct LiveParts: Sendable {
    let router: RegionRouter.Router
    let health: Health
    let regions: LiveRegions
    let makeEndpoints: EndpointMaker
    let keeper: NodeKeeper<ContinuousClock>
    let accessLog: AccessLogWriter?

    /// - Parameter current: the configuration in force.
    func reloader(_ current: GatewayConfiguration, _ source: ReloadSource, _ logger: Logger) -> Reloader {
        Reloader(
            current: current, logger: logger, read: source.read,
            apply: { try await apply($0, threshold: source.threshold) }, told: source.told)
    }

    /// Puts a configuration in force. Whatever can be wrong is found before anything is changed.
    ///
    /// Regions join and leave as nodes do (amendment H28): one that joins is in the node's row first, then the feed is
    /// read, then it is served; one that leaves is in the row until its last request is done.
    /// - Returns: what is left to do when requests under way are done.
    /// - Throws: ``Complaints``; ``DirectoryError`` where regions join and the directory is away.
    private func apply(
        _ configuration: GatewayConfiguration, threshold: LogThreshold
    ) async throws -> @Sendable () async -> Void {
        let declaration = try await DeclarationFile.load(for: configuration)
        let cookieKey = try CookieKey.load(configuration)
        let plan = try makeRouterConfiguration(configuration, declaration, cookieKey: cookieKey)
        let endpoints = makeEndpoints(configuration, declaration, plan)
        let (before, after) = (Set(regions.current), Set(plan.instances.keys))
        let joining = after.subtracting(before).sorted()
        if !joining.isEmpty { try await keeper.join(joining) }
        health.look(after: after.sorted())
        regions.current = Array(plan.instances.keys)
        threshold.level = configuration.log.level
        await router.reconfigure(plan, endpoints: endpoints, accessLog: configuration.log.access ? accessLog : nil)
        keeper.describe(
            regionView: NodeDescription.regionView(plan),
            configurationDigest: NodeDescription.digest(configuration, declaration, plan))
        let leaving = before.subtracting(after).sorted()
        return { [router, keeper] in
            guard !leaving.isEmpty else { return }
            await router.leftInstances()
            // While the directory is away the row stays as it is: barriers go on waiting for this node, which is safe.
            while !Task.isCancelled, (try? await keeper.leave(leaving)) == nil {
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
