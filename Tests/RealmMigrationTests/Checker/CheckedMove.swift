import Foundation
import Logging
import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

/// A move by the real runner between two PostgreSQL databases, with two nodes' gates, calls that keep to them, and jobs
/// on the databases that do not; and the rules that what they have seen must keep.
final class CheckedMove: Sendable {
    static let schema = """
        CREATE TABLE note (client_key text NOT NULL, id bigserial, body text NOT NULL, PRIMARY KEY (client_key, id))
        """
    /// SQLSTATE of the fence's refusal, and of a conflict with an older snapshot.
    private static let (refusal, conflict) = ("RS001", "40001")

    let databases: TwoDatabases
    let store: SQLiteStore
    let fleet: HoldFleet
    let tenant: TenantID
    let book = WriteBook()
    private let isOver = Flag()
    private let folder: ScratchFolder
    private let service: Task<Void, Never>

    /// - Parameters:
    ///   - rows: that the tenant has before.
    ///   - planted: faults around the side that the tenant leaves.
    ///   - seesTraffic: whether the gates wait for what they have let in.
    init(
        rows: Int = 300, seesTraffic: Bool = true, change: (inout MigrationSettings) -> Void = { _ in },
        planted: (TwoDatabases, any SourceStore) -> any SourceStore = { $1 }
    ) async throws {
        databases = try await TwoDatabases(Self.schema)
        try await databases.atSource(
            "INSERT INTO note (client_key, body) SELECT k, 'old ' || n FROM generate_series(1, \(rows)) n, "
                + "(VALUES ('X'), ('Y')) t(k)")
        // Both regions give keys of their own.
        try await databases.atTarget("SELECT setval('note_id_seq', 1000000)")
        folder = try ScratchFolder()
        store = try SQLiteStore(
            path: folder.file("d.sqlite"),
            sealer: SecretSealer(try #require(KeyRing(key: Array(repeating: 7, count: 32)))))
        let alias = TenantAlias(.connect, app: "app", name: "X")
        _ = try await store.importTenants(
            [ImportedTenant(aliases: [alias], secret: Secret("secret"), region: .sampleSource)], actor: "test")
        tenant = try #require(try await store.tenant(.alias(alias))).id
        let regions = [Region.sampleSource, .sampleTarget]
        fleet = HoldFleet(store: store, regions: regions)
        for name in ["gate-1", "gate-2"] { try await fleet.start(name, serving: tenant, seesTraffic: seesTraffic) }
        let identity = NodeRecord.Identity(newProcessOf: "node")
        try await store.register(
            NodeRecord(
                identity: identity, regions: [], version: "1", regionView: "", configurationDigest: "", startedAt: 0),
            replacing: nil)
        var settings = Self.settings
        change(&settings)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let source = planted(databases, try databases.sourceStore())
        let entry = StoreSet.Entry(
            name: "main", kind: .postgres, sources: [.sampleSource: source],
            targets: [.sampleTarget: try databases.targetStore()])
        let service = MigrationService(
            MigrationParts(
                journal: store, stores: StoreSet([entry]),
                coordinators: HoldCoordinators(
                    holds: store, link: fleet, maxRequestTime: .seconds(1), logger: logger),
                node: identity, settings: settings, logger: logger,
                now: { Int64(Date().timeIntervalSince1970 * 1_000) }),
            regions: { Set(regions) })
        self.service = Task { await service.run() }
    }

    /// Wide enough that a loaded machine gives nothing up.
    private static var settings: MigrationSettings {
        var settings = MigrationSettings()
        settings.rules.pause = .milliseconds(20)
        settings.rules.longestPause = .milliseconds(100)
        settings.pollInterval = .milliseconds(20)
        settings.beatInterval = .milliseconds(100)
        settings.leaseTimeout = .seconds(60)
        settings.pauseBudget = .seconds(30)
        settings.deadline = .seconds(60)
        settings.drainBudget = .seconds(30)
        settings.cutoverWindow = .seconds(30)
        return settings
    }

    func stop() async {
        isOver.set()
        service.cancel()
        await service.value
        fleet.stop()
        store.close()
    }

    // MARK: The migration

    var desk: MigrationDesk { MigrationDesk(store, regions: [.sampleSource, .sampleTarget], atOnce: 4) }

    func order(_ commit: MigrationRecord.Commit = .automatic) async throws -> MigrationRecord {
        var order = MigrationDesk.Order()
        order.mode = .live
        order.commit = commit
        return try await desk.start(tenant, to: .sampleTarget, order, actor: "test")
    }

    /// Waits for a phase, or the end.
    func reached(_ id: String, _ phases: Set<MigrationPhase>) async throws -> MigrationRecord {
        while true {
            if let record = try await store.migration(id) {
                if phases.contains(record.phase) || record.phase.isOver { return record }
            }
            // As fast as a database answers, and no faster.
            try await databases.atTarget("SELECT pg_sleep(0.01)")
        }
    }

    /// Moves the tenant among calls and jobs, and looks for every write.
    /// - Returns: how it ended.
    func run() async throws -> MigrationRecord {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, gate) in ["gate-1", "gate-2", "gate-1", "gate-2"].enumerated() {
                group.addTask { try await self.calls(gate, "call of client \(place)") }
            }
            try await acknowledged(20)
            let record = try await order(.manual)
            _ = try await reached(record.id, [.ready])
            // Long transactions without a pause would keep triggers from being made.
            for number in 0..<4 {
                let isolation = number % 2 == 0 ? "READ COMMITTED" : "REPEATABLE READ"
                group.addTask { try await self.job("job \(number)", isolation) }
            }
            try await acknowledged(book.acknowledged.count + 30)
            _ = try? await desk.commit(record.id, actor: "test")
            let end = try await reached(record.id, [.committed])
            // Some are made after it, too.
            try await acknowledged(book.acknowledged.count + 20)
            isOver.set()
            try await group.waitForAll()
            let place = end.phase == .committed ? databases.target : databases.source
            let texts = try await databases.cluster.sql("SELECT body FROM note WHERE client_key = 'X'", in: place)
            book.audit(texts.split(separator: "\n").map(String.init))
            return end
        }
    }

    /// Returns once so many writes were acknowledged.
    func acknowledged(_ count: Int) async throws {
        while book.acknowledged.count < count, !isOver.isSet { try await databases.atTarget("SELECT pg_sleep(0.005)") }
    }

    // MARK: Who works meanwhile

    /// Calls that are let in where the gate says: one writes, the next reads what was written before it began.
    private func calls(_ name: String, _ client: String) async throws {
        let here = try await databases.appSession(at: databases.source)
        let there = try await databases.appSession(at: databases.target)
        guard let gates = fleet.gates(of: name) else { return }
        var number = 0
        while !isOver.isSet {
            number += 1
            let (begun, known) = (book.now(), book.acknowledged.last)
            let isThere = gates.admit(tenant, at: .sampleTarget, noting: {})
            guard isThere || gates.admit(tenant, at: .sampleSource, noting: {}) else {
                // Held: it waits at the gate.
                try await databases.atTarget("SELECT pg_sleep(0.005)")
                continue
            }
            let session = isThere ? there : here
            let wasRefused: Bool
            if number % 2 == 0, let known {
                wasRefused = false
                try await read(known, session)
            } else {
                wasRefused = try await write("\(client), \(number)", session)
            }
            if wasRefused {
                book.note(.failed, "\(client), \(number)")
            } else {
                book.answered(byNew: isThere, begun: begun)
            }
            gates.end(tenant)
        }
        await here.close()
        await there.close()
    }

    private func read(_ known: String, _ session: PostgresSession) async throws {
        // Readers leave time to others.
        let found = try await session.run("SELECT pg_sleep(0.02); SELECT body FROM note WHERE body = '\(known)'")
        if found.last?.rows.isEmpty != false { book.note(.stale, known) }
    }

    /// A handler works for a while before it writes.
    /// - Returns: whether it was refused.
    private func write(_ body: String, _ session: PostgresSession) async throws -> Bool {
        do {
            try await session.run(
                "SELECT pg_sleep(0.3); INSERT INTO note (client_key, body) VALUES ('X', '\(body)')")
        } catch {
            guard error.sqlState == Self.refusal else { throw error }
            return true
        }
        book.acknowledge(body)
        return false
    }

    /// Long transactions at the source, past every gate, until the fence refuses one.
    private func job(_ name: String, _ isolation: String) async throws {
        let session = try await databases.appSession(at: databases.source)
        var number = 0
        while !isOver.isSet {
            number += 1
            let body = "\(name), \(number)"
            do {
                try await session.run(
                    """
                    BEGIN ISOLATION LEVEL \(isolation); SELECT count(*) FROM note;
                    INSERT INTO note (client_key, body) VALUES ('X', '\(body)'); SELECT pg_sleep(0.25); COMMIT
                    """)
                book.acknowledge(body)
            } catch {
                try await session.run("ROLLBACK")
                if error.sqlState == Self.refusal { break }
                guard error.sqlState == Self.conflict else { throw error }
            }
        }
        await session.close()
    }
}
