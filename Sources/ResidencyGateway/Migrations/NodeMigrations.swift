import Foundation
import Logging
import RealmMigration
import RegionRouter
import TenantDirectory

/// This node's part in migrations: works on those that leave its regions, and answers other nodes for its stores.
struct NodeMigrations: Sendable {
    let service: MigrationService
    private let answerer: StoreCallAnswerer

    /// - Throws: ``Complaints`` about the stores of the configuration.
    init(
        _ configuration: GatewayConfiguration, _ store: any DirectoryDatabase, _ keeper: NodeKeeper<ContinuousClock>,
        _ coordinators: HoldCoordinators, outbound: OutboundClient, peers: PeerClient, logger: Logger
    ) throws {
        let stores = try ConfiguredStores.make(
            configuration, regions: Set(keeper.regions),
            ConfiguredStores.Means(
                client: outbound, link: PeerStoreLink(registry: store, client: peers),
                environment: ProcessInfo.processInfo.environment, wallClock: { Int64(time(nil)) }))
        answerer = StoreCallAnswerer(stores)
        let parts = MigrationParts(
            journal: store, stores: stores, coordinators: coordinators, node: keeper.identity,
            settings: configuration.migration, logger: logger,
            now: { Int64(Date().timeIntervalSince1970 * 1_000) })
        service = MigrationService(parts) { Set(keeper.regions) }
    }

    /// What this node answers others.
    func endpoints(_ directory: Directory, _ agent: HoldAgent, _ keeper: NodeKeeper<ContinuousClock>) -> NodeEndpoints {
        NodeEndpoints(directory: directory, agent: agent, stores: answerer) { keeper.record }
    }
}
