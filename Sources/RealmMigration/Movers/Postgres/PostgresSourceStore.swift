import Synchronization
import TenantDirectory

/// The side of a PostgreSQL store that a tenant leaves. See ``SourceStore`` for what is called when.
package final class PostgresSourceStore: SourceStore {
    let side: PostgresSide
    /// What is under way in this process, by migration.
    private let moves = Mutex<[String: SourceMove]>([:])

    package init(_ side: PostgresSide) { self.side = side }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await side.claim(ticket)
    }

    // MARK: Preparing

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        let plan = try await side.plan(ticket)
        try await side.makeSchema()
        if let record = try await side.record(ticket), record.attempt == ticket.attempt, record.mode == mode,
            mode == .offline || move(ticket).hasSnapshot || record.point == nil
        {
            return
        }
        await forget(ticket)
        try await side.dropChanges(StoreNames(ticket))
        try await side.makeFence(ticket, plan, side: "source", mode: mode, act: .prepare)
        var point: SlotPoint?
        if mode == .live {
            let feed = try await side.makeChanges(ticket, plan)
            point = feed.point
            move(ticket).begin(feed, ChangeStream(side: side, plan: plan, names: StoreNames(ticket), feed: feed))
        }
        try await side.notePrepared(ticket, mode: mode, point: point, as: .prepare)
    }

    // MARK: Copying

    package func lanes(_ ticket: MoveTicket) async throws(MigrationError) -> [CopyLane] {
        let plan = try await side.plan(ticket)
        let isLive = try await record(ticket).mode == .live
        let titles = Set(plan.tables.map(\.title))
        var lanes: [CopyLane] = []
        for table in plan.tables {
            // In the pause nothing is done that takes as long as the tenant is large.
            let isOfPause = table.isActivating || (isLive && !table.isFollowed)
            let isCounted = isOfPause || !isLive || move(ticket).hasSnapshot
            let rows = isCounted ? try await side.rowCount(table, upTo: .max) : 0
            let description = table.description
            let width = description.rows > 0 ? Double(description.bytes) / Double(description.rows) : 100
            // Those that refer to each other in a circle come in the plan's order.
            let before = Set(plan.tables.prefix { $0.title != table.title }.map(\.title))
            lanes.append(
                CopyLane(
                    name: table.title, rows: rows, bytes: Int64(Double(rows) * width),
                    isActivating: isOfPause,
                    follows: TableOrder.references(table).intersection(titles).intersection(before).sorted()))
        }
        if !PostgresSide.sequences(plan).isEmpty {
            lanes.append(CopyLane(name: Self.sequencesLane, rows: 0, bytes: 0))
        }
        return lanes
    }

    /// The lane that holds no rows, but what sequences have given.
    static let sequencesLane = "sequences"

    package func copyBatch(
        _ ticket: MoveTicket, lane: String, after cursor: String
    ) async throws(MigrationError) -> StoreBatch {
        if cursor.hasPrefix(CopyStream.end(0).dropLast()) { return try CopyStream.nothing(after: cursor, lane: lane) }
        let plan = try await side.plan(ticket)
        if lane == Self.sequencesLane {
            let values = try await side.sequenceValues(plan)
            let head = BatchPayload.Head(kind: .sequences, sequences: values)
            return StoreBatch(
                lane: lane, before: cursor, after: CopyStream.end(0), isLast: true, rows: 0,
                payload: try BatchPayload(head: head).encoded())
        }
        guard let table = plan[lane] else {
            throw MigrationError(.schemaChanged, "\(side.title): \(lane) is not among the tables that move.")
        }
        let move = move(ticket)
        if let stream = move.stream(lane) { return try await stream.batch(after: cursor) }
        var snapshot: String?
        let isLive = try await record(ticket).mode == .live
        if isLive, table.isFollowed {
            guard let exported = move.snapshot else {
                throw MigrationError(.mustRestart, "\(side.title): the snapshot of the copy is gone; it begins anew.")
            }
            snapshot = exported
        }
        let stream = move.add(
            CopyStream(side: side, table: table, snapshot: snapshot, isOfPause: isLive && !table.isFollowed),
            lane: lane)
        return try await stream.batch(after: cursor)
    }

    package func copyDigests(_ ticket: MoveTicket, key: [UInt8]) async throws(MigrationError) -> [StoreDigest] {
        let plan = try await side.plan(ticket)
        let isLive = try await record(ticket).mode == .live
        let tables = plan.tables.filter { !$0.isActivating && (!isLive || $0.isFollowed) }
        let requests = tables.map { StoreDigest.Request(table: $0.title) }
        guard isLive else { return try await side.digests(plan, of: requests, key: key) }
        return try await onSnapshot(ticket) { holder throws(MigrationError) in
            try await side.digests(plan, of: requests, key: key, session: holder)
        }
    }

    package func copyRowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        guard try await record(ticket).mode == .live else {
            return try await rowHashes(ticket, of: request, part: part, key: key)
        }
        if part == DigestStatements.references { return [:] }
        let plan = try await side.plan(ticket)
        return try await onSnapshot(ticket) { holder throws(MigrationError) in
            try await side.rowHashes(plan, of: request, part: part, key: key, session: holder)
        }
    }

    /// Reads what was copied. Its session cannot be made again: one that breaks takes the snapshot with it.
    private func onSnapshot<Value>(
        _ ticket: MoveTicket, _ body: (PostgresSession) async throws(MigrationError) -> Value
    ) async throws(MigrationError) -> Value {
        let gone = "\(side.title): the snapshot of the copy is gone; it begins anew."
        guard let holder = move(ticket).holder else { throw MigrationError(.mustRestart, gone) }
        do { return try await body(holder) } catch  where error.code == .unavailable {
            throw MigrationError(.mustRestart, gone, cause: error)
        }
    }

    // MARK: Following

    package func changes(
        _ ticket: MoveTicket, after cursor: String, marker: String?, wait: Duration
    ) async throws(MigrationError) -> StoreBatch? {
        let move = move(ticket)
        // Who asks for changes has compared the copy; the snapshot would keep the database from cleaning up.
        await move.dropSnapshot()
        if let stream = move.changes { return try await stream.batch(after: cursor, marker: marker, wait: wait) }
        let plan = try await side.plan(ticket)
        guard let point = try await record(ticket).point else { return nil }
        let stream = move.add(
            ChangeStream(side: side, plan: plan, names: StoreNames(ticket), point: point, session: nil))
        return try await stream.batch(after: cursor, marker: marker, wait: wait)
    }

    package func confirm(_ ticket: MoveTicket, cursor: String) async throws(MigrationError) {
        try await move(ticket).changes?.confirm(cursor)
    }

    package func changedKeys(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreDigest.Request] {
        if let stream = move(ticket).changes { return await stream.takeChanged() }
        guard try await record(ticket).mode == .live else { return [] }
        // This process has seen none of them.
        return try await side.plan(ticket).tables.filter(\.isFollowed).map { StoreDigest.Request(table: $0.title) }
    }

    package func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        try await side.digests(try await side.plan(ticket), of: requests, key: key)
    }

    package func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        if part == DigestStatements.references { return [:] }
        return try await side.rowHashes(try await side.plan(ticket), of: request, part: part, key: key)
    }

    // MARK: This process

    func record(_ ticket: MoveTicket) async throws(MigrationError) -> MoveRecord {
        let move = move(ticket)
        if let record = move.record { return record }
        guard let record = try await side.record(ticket), record.attempt == ticket.attempt else {
            throw MigrationError(.mustRestart, "\(side.title): nothing is prepared for this attempt.")
        }
        move.record = record
        return record
    }

    func move(_ ticket: MoveTicket) -> SourceMove {
        moves.withLock { moves in
            if let move = moves[ticket.migration], move.attempt == ticket.attempt { return move }
            let move = SourceMove(attempt: ticket.attempt)
            moves[ticket.migration] = move
            return move
        }
    }

    /// Ends what is under way in this process.
    func forget(_ ticket: MoveTicket) async {
        let move = moves.withLock { $0.removeValue(forKey: ticket.migration) }
        await move?.end()
        side.forgetPlan(ticket)
    }
}
