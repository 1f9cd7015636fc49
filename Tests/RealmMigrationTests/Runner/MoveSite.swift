import Foundation
import Logging
import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

/// Two regions with a store each in memory, a directory on disk, and nodes that work on migrations.
final class MoveSite: Sendable {
    let store: SQLiteStore
    let fleet: HoldFleet
    let tenant: TenantID
    let (eu, us): (Region, Region)
    let (inEU, inUS): (MemoryStore, MemoryStore)
    /// A second store, which decides: it is a database, and the first one is the app's own.
    let second: (inEU: MemoryStore, inUS: MemoryStore)?
    let settings: MigrationSettings
    private let folder: ScratchFolder
    private let services = Mutex<[String: (NodeRecord.Identity, Task<Void, Never>)]>([:])
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static let rows: [String: [String: String]] = [
        "notes": Dictionary(uniqueKeysWithValues: (0..<10).map { ("n\($0)", "note \($0)") }),
        "links": ["l1": "one", "l2": "two"], "installs": ["clientInfo": "secret"],
    ]

    static func with(
        shared: Bool = false, second: Bool = false, change: (inout MigrationSettings) -> Void = { _ in },
        _ body: (MoveSite) async throws -> Void
    ) async throws {
        let site = try await MoveSite(shared: shared, second: second, change)
        do { try await body(site) } catch {
            site.stop()
            throw error
        }
        site.stop()
    }

    private init(shared: Bool, second: Bool, _ change: (inout MigrationSettings) -> Void) async throws {
        folder = try ScratchFolder()
        store = try SQLiteStore(
            path: folder.file("d.sqlite"),
            sealer: SecretSealer(try #require(KeyRing(key: Array(repeating: 7, count: 32)))))
        eu = try #require(Region("EU"))
        us = try #require(Region("US"))
        inEU = MemoryStore(id: "store-eu", rows: Self.rows)
        inUS = shared ? inEU : MemoryStore(id: "store-us", rows: [:])
        self.second =
            second
            ? (MemoryStore(id: "second-eu", rows: Self.rows), MemoryStore(id: "second-us", rows: [:])) : nil
        tenant = try await store.recordForgeInstallation(
            ForgeInstall(
                alias: TenantAlias(.forge, app: "app", name: "i"), cloudID: nil, hostBaseURL: nil, product: nil,
                region: eu, hostRealm: eu), actor: "host"
        ).id
        fleet = HoldFleet(store: store, regions: [eu, us])
        try await fleet.start("gate-1", serving: tenant)
        var settings = MigrationSettings()
        settings.rules.pause = .milliseconds(20)
        settings.rules.longestPause = .milliseconds(100)
        settings.pollInterval = .milliseconds(20)
        settings.beatInterval = .milliseconds(50)
        settings.leaseTimeout = .seconds(60)
        settings.pauseBudget = .seconds(30)
        settings.deadline = .seconds(60)
        settings.offlineBudget = .seconds(60)
        settings.drainBudget = .seconds(30)
        settings.cutoverWindow = .seconds(30)
        change(&settings)
        self.settings = settings
    }

    func stop() {
        for (_, task) in services.withLock({ $0.values }) { task.cancel() }
        fleet.stop()
        store.close()
    }

    // MARK: Nodes

    func start(_ name: String) async throws {
        let identity = NodeRecord.Identity(newProcessOf: name)
        try await store.register(
            NodeRecord(
                identity: identity, regions: [], version: "1", regionView: "", configurationDigest: "", startedAt: 0),
            replacing: nil)
        let coordinators = HoldCoordinators(
            holds: store, link: fleet, maxRequestTime: .seconds(1), logger: Self.logger)
        var entries = [
            StoreSet.Entry(
                name: "main", kind: second == nil ? .postgres : .http, sources: [eu: inEU.source, us: inUS.source],
                targets: [eu: inEU.target, us: inUS.target])
        ]
        if let second {
            entries.append(
                StoreSet.Entry(
                    name: "second", kind: .postgres, sources: [eu: second.inEU.source, us: second.inUS.source],
                    targets: [eu: second.inEU.target, us: second.inUS.target]))
        }
        let parts = MigrationParts(
            journal: store, stores: StoreSet(entries), coordinators: coordinators, node: identity, settings: settings,
            logger: Self.logger, now: { Int64(Date().timeIntervalSince1970 * 1_000) })
        let regions: Set<Region> = [eu, us]
        let service = MigrationService(parts, regions: { regions })
        let task = Task { await service.run() }
        services.withLock { $0[name] = (identity, task) }
    }

    /// The node's row is gone: whoever looks takes its migrations for given up.
    func forget(_ name: String) async {
        guard let (identity, _) = services.withLock({ $0[name] }) else { return }
        try? await store.deregister(identity)
    }

    // MARK: Migrations

    var desk: MigrationDesk { MigrationDesk(store, regions: [eu, us], atOnce: 4) }

    func order(_ change: (inout MigrationDesk.Order) -> Void = { _ in }) async throws -> MigrationRecord {
        var order = MigrationDesk.Order()
        change(&order)
        return try await desk.start(tenant, to: us, order, actor: "test")
    }

    /// Waits for a phase, or the end.
    func reached(_ id: String, _ phases: Set<MigrationPhase>, purgeAt: Bool = false) async throws -> MigrationRecord {
        while true {
            if let record = try await store.migration(id) {
                if phases.contains(record.phase), !purgeAt || record.purgeAt != nil { return record }
                if record.phase.isOver { return record }
            }
        }
    }

    /// The region that serves the tenant, and that both stores agree with.
    func place() async throws -> Region? {
        let placement = try #require(try await store.tenant(.id(tenant))).placement
        guard placement.state == .serving else { return nil }
        let (here, there) = placement.region == eu ? (inEU, inUS) : (inUS, inEU)
        guard here.record.state == .open else { return nil }
        if inEU === inUS { return placement.region }
        return [.open, .moved].contains(there.record.state) ? placement.region : nil
    }
}
