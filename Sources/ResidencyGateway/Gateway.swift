import Foundation
import Logging
import RealmMigration
import RegionRouter
import ServiceLifecycle
import TenantDirectory
import UnixSignals

/// The gateway, built and not yet running. Everything that it is made of is named in ``make(_:logger:)``.
struct Gateway: Sendable {
    /// Where it listens.
    struct Addresses: Sendable, Equatable {
        /// `127.0.0.1:8080`
        let listen: String
        let admin: String
        /// Of the peers' listener, where there is one.
        let peers: String?
    }

    private let services: [any Service]
    private let announcement: ServingAnnouncement
    private let logger: Logger
    /// From being told to stop to the end, at most.
    private let stopTime: Duration
    private let reloader: Reloader?
    private let certificates: CertificateWatcher
    /// Leads cutovers from this node.
    let cutovers: HoldCoordinators
    let router: RouterConfiguration

    /// Builds the gateway: reads the declaration, opens the store, wires the parts. Binds nothing.
    /// Enters this process among the nodes of the directory, and knows then what it must to serve.
    /// - Throws: ``Complaints``, ``DirectoryError``.
    ///
    /// - Parameters:
    ///   - accessLog: where the line of each request goes, if the configuration wants one.
    ///   - reload: how the configuration is read again; `nil` where it is not.
    static func make(
        _ configuration: GatewayConfiguration, logger: Logger, accessLog: AccessLogWriter? = nil,
        reload: ReloadSource? = nil
    ) async throws -> Gateway {
        let declaration = try await DeclarationFile.load(for: configuration)
        let cookieKey = try CookieKey.load(configuration)
        let plan = try makeRouterConfiguration(configuration, declaration, cookieKey: cookieKey)
        let certificates = try GatewayCertificates.load(configuration, logger: logger)
        let (store, mirror) = try await ConfiguredStore.openForNode(configuration, logger: logger)
        let directory = Directory(store: store, mirror: mirror, maxAge: configuration.mirror.maxAge, logger: logger)
        let feed = FeedReader(
            directory, interval: configuration.directory.pollInterval, hint: store.listener?.hint, logger: logger)
        let keeper = NodeKeeper(
            NodeDescription.record(configuration, declaration, plan), registry: store, directory: directory,
            maxAge: configuration.mirror.maxAge, maxRequestTime: plan.limits.appMaxRequestTime, logger: logger)
        let outbound = OutboundClient(
            OutboundConfiguration(allow: configuration.outbound.allow, proxy: configuration.outbound.proxy))
        let keyServers = PublicKeyConfiguration(configuration, plan)
        let keys = PublicKeyCache(configuration: keyServers, client: outbound, logger: logger)
        let wallClock: @Sendable () -> Int64 = { Int64(time(nil)) }
        let makeEndpoints = EndpointMaker(
            keys: keys, directory: directory, journal: store,
            shelf: try ConfiguredStore.rollbackShelf(configuration, logger), logger: logger, wallClock: wallClock)
        let endpoints = makeEndpoints(configuration, declaration, plan)
        let metrics = RouterMetrics(plan, peerFault: PeerFaultLog(logger: logger).note)
        let health = Health(node: configuration.node.id, regions: plan.instances.keys.sorted())
        let peerClient = PeerClient(certificates: certificates.peers?.calls)
        let holding = NodeHolding(
            keeper, directory, store, feed, client: peerClient, maxRequestTime: plan.limits.appMaxRequestTime,
            logger: logger)
        let migrations = try NodeMigrations(
            configuration, store, keeper, holding.coordinators, outbound: outbound, peers: peerClient, logger: logger)
        let router = RegionRouter.Router(
            configuration: plan, lookup: directory, reports: DirectoryReports(directory: directory, logger: logger),
            keys: keys, endpoints: endpoints, peerEndpoints: migrations.endpoints(directory, holding.agent, keeper),
            observer: metrics, accessLog: configuration.log.access ? accessLog : nil, certificates: certificates.router,
            wallClock: wallClock, gates: holding.gates)
        let nodeHealth = NodeHealth(directory: directory, keeper: keeper)
        let regions = LiveRegions(Array(plan.instances.keys))
        let monitor = Self.monitor(health, router, store, nodeHealth)
        let admin = AdminService(
            configuration,
            sources: AdminService.Sources(
                health: health, metrics: metrics, tenants: { try? await store.counts() },
                upstreams: { router.upstreams }),
            logger: logger)
        PeerFeedSource.add(plan.peers.addresses, peerClient, keeper, to: directory)
        let announcement = ServingAnnouncement(
            router: router, admin: admin, health: health, delay: configuration.drain.delay
        ) {
            keeper.serves(at: NodeDescription.addresses($0, configuration.node, isSecure: certificates.peers != nil))
        }
        let reloader = reload.map { source in
            LiveParts(
                router: router, health: health, regions: regions, makeEndpoints: makeEndpoints, keeper: keeper,
                accessLog: accessLog
            ).reloader(configuration, source, logger)
        }
        let told: [any Service] = (store.listener.map { [$0] } ?? []) + [certificates.watcher, makeEndpoints.shelf]
        let reloading: [any Service] = reloader.map { [$0] } ?? []
        // Last, for from here on others wait for this node. Its row goes after the router has drained.
        if try await keeper.start() == .mirror { health.tolerateDirectory() }
        await holding.agent.acknowledgeFromStart()
        return Gateway(
            services: told + [feed, keeper, holding.agent, outbound, keys, monitor]
                + listeners(configuration, plan, admin, router) + reloading + [migrations.service, announcement],
            announcement: announcement, logger: logger,
            stopTime: configuration.drain.delay + plan.limits.drainTimeout + .seconds(10), reloader: reloader,
            certificates: certificates.watcher, cutovers: holding.coordinators, router: plan)
    }

    private static func monitor(
        _ health: Health, _ router: RegionRouter.Router, _ store: any DirectoryDatabase, _ nodeHealth: NodeHealth
    ) -> HealthMonitor {
        HealthMonitor(
            health: health, upstreams: { router.upstreams },
            readDirectory: { () throws(DirectoryError) in _ = try await store.lastSequence() },
            readOthers: { await nodeHealth.conditions() })
    }

    /// They are told to stop in the opposite order: the router drains while all it needs still runs.
    private static func listeners(
        _ configuration: GatewayConfiguration, _ plan: RouterConfiguration, _ admin: AdminService,
        _ router: RegionRouter.Router
    ) -> [any Service] {
        [
            ListenerService(
                service: admin, host: configuration.admin.host, port: configuration.admin.port, key: "admin.port"),
            ListenerService(service: router, host: plan.listen.host, port: plan.listen.port, key: "listen.port"),
        ]
    }

    /// Has the configuration and all certificates read again; what comes of the configuration is told to whoever asked
    /// for a source of it.
    func reload() {
        certificates.look(always: true)
        reloader?.reload()
    }

    /// The services as one, which ends when it is told to by a signal, or when a part fails.
    func serviceGroup(signals: [UnixSignal] = []) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            gracefulShutdownSignals: signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = stopTime
        return ServiceGroup(configuration: configuration)
    }

    /// Where it listens, as soon as it serves; `nil` when it ended before.
    func addresses() async -> Addresses? { await announcement.addresses() }
}
