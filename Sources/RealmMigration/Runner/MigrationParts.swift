package import Logging
package import TenantDirectory

/// What the migrations of a node are made of.
package struct MigrationParts: Sendable {
    package typealias Journal = MigrationStore & HoldStore & NodeRegistry & DirectoryStore

    let journal: any Journal
    let stores: StoreSet
    let coordinators: HoldCoordinators
    let node: NodeRecord.Identity
    let settings: MigrationSettings
    let logger: Logger
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// - Parameter coordinators: make who leads the pause of a cutover.
    package init(
        journal: any Journal, stores: StoreSet, coordinators: HoldCoordinators, node: NodeRecord.Identity,
        settings: MigrationSettings, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.journal = journal
        self.stores = stores
        self.coordinators = coordinators
        self.node = node
        self.settings = settings
        self.logger = logger
        self.now = now
    }
}
