import TenantDirectory
import TestSupport

@testable import RealmMigration

/// Drives both sides of a PostgreSQL store through a migration, in the order in which the runner does.
struct TestMove {
    let databases: TwoDatabases
    let source: PostgresSourceStore
    let target: PostgresTargetStore
    var ticket: MoveTicket
    let mode: MoveMode
    let key = SecureRandom.bytes(16)

    /// - Parameter ticket: of a migration of its own: slots are the server's, not a database's.
    init(
        _ databases: TwoDatabases, _ ticket: MoveTicket = .sample(migration: TenantID.random().description),
        mode: MoveMode
    ) throws {
        self.databases = databases
        self.ticket = ticket
        self.mode = mode
        source = try databases.sourceStore()
        target = try databases.targetStore()
    }

    /// Claims and prepares both sides.
    func prepare() async throws {
        _ = try await source.claim(ticket)
        _ = try await target.claim(ticket)
        try await target.prepare(ticket, mode: mode)
        try await source.prepare(ticket, mode: mode)
    }

    /// Copies the lanes of the pause, or those before it.
    /// - Returns: how many rows were copied.
    @discardableResult
    func copy(inPause: Bool = false) async throws -> Int64 {
        var rows: Int64 = 0
        for lane in try await source.lanes(ticket) where lane.isActivating == inPause {
            rows += try await copy(lane.name)
        }
        return rows
    }

    func copy(_ lane: String) async throws -> Int64 {
        var rows: Int64 = 0
        var cursor = try await target.cursors(ticket)[lane] ?? ""
        while true {
            let batch = try await source.copyBatch(ticket, lane: lane, after: cursor)
            cursor = try await target.apply(ticket, batch)
            rows += batch.rows
            if batch.isLast { return rows }
        }
    }

    /// Compares what was copied with what has arrived.
    func compareCopy() async throws -> [StoreDifference] {
        let theirs = try await source.copyDigests(ticket, key: key)
        let requests = theirs.map { StoreDigest.Request(table: $0.table) }
        let ours = try await target.digests(ticket, of: requests, key: key)
        return try await differences(requests, theirs, ours)
    }

    /// Compares both sides as they are.
    func compare(_ requests: [StoreDigest.Request]) async throws -> [StoreDifference] {
        let theirs = try await source.digests(ticket, of: requests, key: key)
        let ours = try await target.digests(ticket, of: requests, key: key)
        return try await differences(requests, theirs, ours)
    }

    func compareAll() async throws -> [StoreDifference] {
        try await compare(try await source.side.plan(ticket).tables.map { StoreDigest.Request(table: $0.title) })
    }

    private func differences(
        _ requests: [StoreDigest.Request], _ theirs: [StoreDigest], _ ours: [StoreDigest]
    ) async throws -> [StoreDifference] {
        var found: [StoreDifference] = []
        for (request, (mine, other)) in zip(requests, zip(theirs, ours)) where mine != other {
            for part in mine.sums.indices where mine.sums[part] != other.sums[part] {
                let here = try await source.rowHashes(ticket, of: request, part: part, key: key)
                let there = try await target.rowHashes(ticket, of: request, part: part, key: key)
                for name in Set(here.keys).union(there.keys).sorted() where here[name] != there[name] {
                    let kind: StoreDifference.Kind =
                        here[name] == nil ? .extra : there[name] == nil ? .missing : .changed
                    found.append(StoreDifference(table: request.table, key: name, kind: kind))
                }
            }
        }
        return found
    }

    /// Applies changes until there are none, or until the marker.
    func follow(marker: String? = nil, wait: Duration = .milliseconds(20)) async throws {
        while true {
            let cursor = try await target.cursors(ticket)[StoreBatch.changesLane] ?? ""
            guard let batch = try await source.changes(ticket, after: cursor, marker: marker, wait: wait) else {
                if marker == nil { return }
                continue
            }
            let applied = try await target.apply(ticket, batch)
            try await source.confirm(ticket, cursor: applied)
            if batch.isLast { return }
        }
    }

    /// Applies everything that was committed before.
    func followAll() async throws { try await follow(marker: try await source.mark(ticket)) }

    /// Seals, decides and opens.
    func commit(epoch: Int64 = 8) async throws {
        let token = try await target.seal(ticket, epoch: epoch)
        guard try await source.decide(ticket, epoch: epoch, .moved(token: token)) == .moved(token: token) else {
            throw MigrationError(.differs, "the decision was another")
        }
        try await target.open(ticket, epoch: epoch, token: token)
    }

    /// All of an offline move but its end.
    func runOffline() async throws {
        try await prepare()
        try await source.raiseFence(ticket, epoch: 8, within: .seconds(30))
        try await copy()
        try await copy(inPause: true)
    }

    /// Deletes what was left behind, in small steps.
    func purge(limit: Int64 = 7) async throws {
        while try await source.purge(ticket, limit: limit) > 0 {}
        try await target.finish(ticket)
    }
}
