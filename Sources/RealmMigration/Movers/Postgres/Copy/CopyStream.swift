import TenantDirectory

/// One table's copy: a COPY that is read batch by batch. A batch can be asked for again, as long as the next one was
/// not; a copy whose session is gone begins anew, with the whole attempt (H8).
actor CopyStream {
    private let side: PostgresSide
    private let table: MovedTable
    private let lane: String
    /// What another session sees, for a live move.
    private let snapshot: String?
    /// Of the pause: asked for from its beginning again, it is read anew, for a cutover that was given up lies between.
    private let isOfPause: Bool
    private var session: PostgresSession?
    private var last: StoreBatch?
    private var rows: Int64 = 0
    /// A call is under way.
    private var isBusy = false

    init(side: PostgresSide, table: MovedTable, snapshot: String?, isOfPause: Bool = false) {
        self.side = side
        self.table = table
        self.snapshot = snapshot
        self.isOfPause = isOfPause
        lane = table.title
    }

    /// - Throws: `.mustRestart` for a cursor that this copy is not at.
    func batch(after cursor: String) async throws(MigrationError) -> StoreBatch {
        guard !isBusy else {
            throw MigrationError(.unavailable, "The copy of \(lane) is being read by another call. Try again.")
        }
        isBusy = true
        defer { isBusy = false }
        if isOfPause, cursor.isEmpty {
            await stop()
            (last, rows) = (nil, 0)
        }
        if let last {
            if last.before == cursor { return last }
            guard last.after == cursor, session != nil else { throw lost(cursor) }
        } else {
            guard cursor.isEmpty else { throw lost(cursor) }
            try await begin()
        }
        return try await next(cursor)
    }

    /// Ends it; its session with it.
    func stop() async {
        guard let session else { return }
        self.session = nil
        await side.sessions.release(session)
    }

    private func begin() async throws(MigrationError) {
        let time = side.settings.limits.longStatementTimeout
        let columns = table.copiedColumns.map { SQLText.name($0.name) }.joined(separator: ", ")
        do {
            let session = try await side.sessions.take()
            self.session = session
            var script = [
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                "SET LOCAL statement_timeout = \(time.wholeMilliseconds)",
                "SET LOCAL idle_in_transaction_session_timeout = 0",
            ]
            if let snapshot { script.append("SET TRANSACTION SNAPSHOT \(SQLText.literal(snapshot))") }
            try await session.run(script.joined(separator: ";\n"))
            try await session.startCopyOut(
                """
                COPY (SELECT \(columns) FROM \(table.from) t WHERE \(table.movedCondition())) TO STDOUT \
                (FORMAT \(table.isBinary ? "binary" : "text"))
                """, isBinary: table.isBinary, within: time)
        } catch {
            await stop()
            if let failure = error as? PostgresSessionError, ["22023", "42704"].contains(failure.sqlState) {
                throw MigrationError(
                    .mustRestart, "\(side.title): the snapshot of the copy is gone; it begins anew.", cause: failure)
            }
            throw side.migrationError(error, "copying \(lane)")
        }
    }

    private func next(_ cursor: String) async throws(MigrationError) -> StoreBatch {
        guard let session else { throw lost(cursor) }
        let part: PostgresCopyPart
        do {
            part = try await session.copyPart(
                limit: StoreBatch.targetBytes, within: side.settings.limits.longStatementTimeout)
        } catch {
            await stop()
            throw MigrationError(
                .mustRestart, "\(side.title): the copy of \(lane) broke; it begins anew.",
                cause: side.migrationError(error, "copying \(lane)"))
        }
        rows += part.rows
        let head = BatchPayload.Head(
            kind: .rows, table: lane, columns: table.copiedColumns.map(\.name), isBinary: table.isBinary)
        let batch = StoreBatch(
            lane: lane, before: cursor, after: part.isLast ? Self.end(rows) : "\(rows)", isLast: part.isLast,
            rows: part.rows, payload: try BatchPayload(head: head, body: part.bytes).encoded())
        last = batch
        if part.isLast { await stop() }
        return batch
    }

    /// A cursor at the end of a lane.
    static func end(_ rows: Int64) -> String { "end \(rows)" }

    /// What is answered to a cursor at the end.
    static func nothing(after cursor: String, lane: String) throws(MigrationError) -> StoreBatch {
        StoreBatch(
            lane: lane, before: cursor, after: cursor, isLast: true, rows: 0,
            payload: try BatchPayload(head: BatchPayload.Head(kind: .rows, table: lane)).encoded())
    }

    private func lost(_ cursor: String) -> MigrationError {
        let place = cursor.isEmpty ? "its beginning" : cursor
        return MigrationError(
            .mustRestart, "\(side.title): the copy of \(lane) is not at \(place); it begins anew.")
    }
}
