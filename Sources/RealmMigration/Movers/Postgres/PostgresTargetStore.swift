import TenantDirectory

/// The side of a PostgreSQL store where a tenant arrives. See ``TargetStore`` for what is called when.
package final class PostgresTargetStore: TargetStore {
    let side: PostgresSide

    package init(_ side: PostgresSide) { self.side = side }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await side.claim(ticket)
    }

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        let plan = try await side.plan(ticket)
        try await side.makeSchema()
        let record = try await side.record(ticket)
        if record?.attempt == ticket.attempt { return }
        if record == nil || record?.attempt == -1 {
            // Before anything stands in the way of a tenant that may live here.
            try await expectNoRows(plan)
        }
        try await side.makeFence(ticket, plan, side: "target", mode: mode, act: .arrive)
        if let record, record.attempt >= 0 {
            try await empty(ticket, plan)
        }
        try await makeStaged(ticket, plan)
        try await side.makeSwitches(ticket, plan)
        do {
            // Nobody but the mover has been able to write since the triggers are there (H2).
            try await expectNoRows(plan)
        } catch {
            // Whoever's rows these are, they are not ours to delete.
            try await side.dropFence(ticket)
            try await side.act(.emptied, by: ticket, "letting the tenant's row go")
            throw error
        }
        try await side.notePrepared(ticket, mode: mode, point: nil, as: .write)
    }

    private func expectNoRows(_ plan: PreparedPlan) async throws(MigrationError) {
        for table in plan.own where try await side.rowCount(table, upTo: 1) > 0 {
            throw MigrationError(
                .blocked,
                "\(side.title): \(table.title) has rows of the tenant already. If it does not live there: "
                    + "DELETE FROM \(table.name) t WHERE \(table.condition())")
        }
    }

    /// Rows that wait for the switch lie in tables of our own, which look like theirs (H42).
    private func makeStaged(_ ticket: MoveTicket, _ plan: PreparedPlan) async throws(MigrationError) {
        for (place, table) in plan.tables.enumerated() where table.isActivating {
            let staged = StoreNames(ticket).staged(place)
            try await side.changeSchema(
                "making \(staged)",
                """
                DROP TABLE IF EXISTS \(staged);\
                CREATE TABLE \(staged) (LIKE \(table.name) INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES)
                """)
        }
    }

    /// Where a table's rows are until the switch.
    private func places(_ ticket: MoveTicket, _ plan: PreparedPlan) -> PostgresSide.Places {
        let names = StoreNames(ticket)
        return { table in table.isActivating ? names.staged(plan.place(of: table.title)) : nil }
    }

    package func cursors(_ ticket: MoveTicket) async throws(MigrationError) -> [String: String] {
        let reply = try await side.run(
            "reading the cursors",
            """
            SELECT lane, position FROM residency.cursor WHERE migration = \(SQLText.literal(ticket.migration)) \
            AND attempt = \(ticket.attempt)
            """
        ).last
        var cursors: [String: String] = [:]
        for values in reply?.rows ?? [] {
            if values.count == 2, let lane = values[0], let position = values[1] { cursors[lane] = position }
        }
        return cursors
    }

    // MARK: Applying

    package func apply(_ ticket: MoveTicket, _ batch: StoreBatch) async throws(MigrationError) -> String {
        let plan = try await side.plan(ticket)
        let payload = try BatchPayload(batch.payload)
        if !payload.head.sequences.isEmpty {
            // In transactions of their own: they may be raised twice, and never too far.
            let margin = payload.head.kind == .sequences ? side.settings.limits.sequenceMargin : 0
            try await side.raiseSequences(plan, to: payload.head.sequences, margin: margin)
        }
        var statements: [ChangeStatements.Statement] = []
        if payload.head.kind == .changes {
            var builder = ChangeStatements(plan)
            statements = try builder.statements(payload.body)
        }
        var limits = PostgresSide.ActLimits()
        limits.isShared = true
        limits.statement = side.settings.limits.longStatementTimeout
        let isReplaying = plan.mayReplay
        try await side.act(.write, by: ticket, limits: limits, "applying \(batch.lane)") { session, _ in
            guard try await self.isNext(batch, ticket, session) else { return }
            try await session.run(MoveRecord.pass(ticket, mayReplay: isReplaying))
            switch payload.head.kind {
            case .rows: try await self.copy(payload, batch, ticket, plan, session)
            case .changes: try await self.run(statements, session)
            case .sequences: break
            }
            try await session.run(
                """
                UPDATE residency.cursor SET position = \(SQLText.literal(batch.after)), is_last = \(batch.isLast), \
                attempt = \(ticket.attempt) WHERE migration = \(SQLText.literal(ticket.migration)) \
                AND lane = \(SQLText.literal(batch.lane))
                """)
        }
        return batch.after
    }

    /// Locks the lane's cursor.
    /// - Returns: false for a batch that was applied before.
    private func isNext(
        _ batch: StoreBatch, _ ticket: MoveTicket, _ session: PostgresSession
    ) async throws -> Bool {
        let (migration, lane) = (SQLText.literal(ticket.migration), SQLText.literal(batch.lane))
        let reply = try await session.run(
            """
            INSERT INTO residency.cursor (migration, lane, attempt, position, is_last) \
            VALUES (\(migration), \(lane), \(ticket.attempt), '', false) ON CONFLICT DO NOTHING;
            SELECT position, attempt FROM residency.cursor WHERE migration = \(migration) AND lane = \(lane) FOR UPDATE
            """
        ).last
        let position = reply?[0, 1] == "\(ticket.attempt)" ? reply?.value ?? "" : ""
        if position == batch.before, batch.before != batch.after || batch.isLast { return true }
        if position == batch.after { return false }
        throw MigrationError(
            .badAnswer,
            "\(side.title): the lane \(batch.lane) is at \(position.isEmpty ? "its beginning" : position), "
                + "and the batch begins at \(batch.before.isEmpty ? "the beginning" : batch.before).")
    }

    private func copy(
        _ payload: BatchPayload, _ batch: StoreBatch, _ ticket: MoveTicket, _ plan: PreparedPlan,
        _ session: PostgresSession
    ) async throws {
        guard batch.rows > 0 else { return }
        guard let table = plan[payload.head.table], batch.lane == table.title else {
            throw MigrationError(
                .schemaChanged, "\(side.title): \(payload.head.table) is not among the tables that move.")
        }
        let known = Set(table.copiedColumns.map(\.name))
        if let missing = payload.head.columns.first(where: { !known.contains($0) }) {
            throw MigrationError(.schemaChanged, "\(side.title): \(table.title) has no column \(missing) to be copied.")
        }
        let place = places(ticket, plan)(table) ?? table.name
        let columns = payload.head.columns.map(SQLText.name).joined(separator: ", ")
        let isBinary = payload.head.isBinary
        let rows = try await session.copyIn(
            "COPY \(place) (\(columns)) FROM STDIN (FORMAT \(isBinary ? "binary" : "text"))",
            isBinary ? [PostgresCopyPart.binaryHead, payload.body, PostgresCopyPart.binaryTail] : [payload.body],
            within: side.settings.limits.longStatementTimeout)
        guard rows == batch.rows else {
            throw MigrationError(
                .differs, "\(side.title): \(table.title) took \(rows) rows of a batch of \(batch.rows).")
        }
    }

    /// Many statements travel as one message.
    private static let statementsAtOnce = 200

    private func run(_ statements: [ChangeStatements.Statement], _ session: PostgresSession) async throws {
        for start in stride(from: 0, to: statements.count, by: Self.statementsAtOnce) {
            let part = statements[start..<min(start + Self.statementsAtOnce, statements.count)]
            let replies = try await session.run(
                part.map(\.sql).joined(separator: ";\n"), within: side.settings.limits.longStatementTimeout)
            guard replies.count == part.count else {
                throw MigrationError(.badAnswer, "\(side.title): the server answered some changes only.")
            }
            for (statement, reply) in zip(part, replies) {
                guard let rows = statement.rows, reply.affected != rows else { continue }
                throw MigrationError(
                    .differs,
                    "\(side.title): a change of \(statement.table), key (\(statement.key)), met "
                        + "\(reply.affected) rows instead of \(rows).")
            }
        }
    }

    // MARK: Comparing

    package func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        let plan = try await side.plan(ticket)
        return try await side.digests(
            plan, of: requests, key: key, places: places(ticket, plan), checksReferences: true)
    }

    package func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        let plan = try await side.plan(ticket)
        return try await side.rowHashes(plan, of: request, part: part, key: key, places: places(ticket, plan))
    }

    // MARK: The switch

    /// For standbys to have the seal: longer than a pause may be, which ends it.
    private static let standbyPatience = Duration.seconds(2)

    package func seal(_ ticket: MoveTicket, epoch: Int64) async throws(MigrationError) -> String {
        let token = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        let (before, answer) = try await side.act(
            .seal(epoch: epoch, token: token), by: ticket, "sealing", Self.makeDurable)
        try await side.waitForStandbys(within: Self.standbyPatience)
        if case .asItIs = answer { return before.token ?? "" }
        return token
    }

    package func open(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        let plan = try await side.plan(ticket)
        let places = places(ticket, plan)
        try await side.act(.open(epoch: epoch, token: token), by: ticket, "opening") { session, answer in
            guard case .change = answer else { return }
            try await Self.makeDurable(session, answer)
            try await session.run(MoveRecord.pass(ticket, mayReplay: plan.mayReplay))
            for table in plan.tables {
                guard let staged = places(table) else { continue }
                if table.isTwin {
                    try await session.run(Self.switchOn(table, from: staged))
                    continue
                }
                let columns = table.copiedColumns.map { SQLText.name($0.name) }.joined(separator: ", ")
                try await session.run(
                    "INSERT INTO \(table.name) (\(columns)) OVERRIDING SYSTEM VALUE SELECT \(columns) FROM \(staged)")
            }
        }
    }

    private static func switchOn(_ table: MovedTable, from staged: String) -> String {
        let columns = table.off.map { "\(SQLText.name($0.column)) = s.\(SQLText.name($0.column))" }
        let pairs = table.description.primaryKey.map { "t.\(SQLText.name($0)) = s.\(SQLText.name($0))" }
        return """
            UPDATE \(table.name) t SET \(columns.joined(separator: ", ")) FROM \(staged) s \
            WHERE \(pairs.joined(separator: " AND "))
            """
    }

    package func unseal(_ ticket: MoveTicket) async throws(MigrationError) {
        let plan = try await side.plan(ticket)
        let isLive = try await side.record(ticket)?.mode == .live
        let lanes = plan.tables.filter { $0.isActivating || (isLive && !$0.isFollowed) }
        try await side.act(.unseal, by: ticket, "taking the seal off") { session, _ in
            guard !lanes.isEmpty else { return }
            try await session.run(MoveRecord.pass(ticket, mayReplay: plan.mayReplay))
            // They change until the next pause, and nothing follows them: they are copied anew then.
            for table in lanes.reversed() {
                let staged = self.places(ticket, plan)(table)
                try await session.run(
                    staged.map { "DELETE FROM \($0)" }
                        ?? "DELETE FROM \(table.name) t WHERE \(table.condition())")
            }
            try await session.run(
                """
                DELETE FROM residency.cursor WHERE migration = \(SQLText.literal(ticket.migration)) \
                AND lane = ANY (\(SQLText.array(lanes.map(\.title))))
                """)
        }
    }

    package func finish(_ ticket: MoveTicket) async throws(MigrationError) {
        guard let row = try await side.row(of: ticket.tenant) else { return }
        guard !row.migration.isEmpty else { return }
        guard case .change = row.answer(to: .finish, by: ticket) else {
            try await side.act(.finish, by: ticket, "finishing")
            return
        }
        try await side.dropFence(ticket)
        try await side.act(.finish, by: ticket, "finishing")
        side.forgetPlan(ticket)
    }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        guard let row = try await side.row(of: ticket.tenant) else { return }
        if row.migration.isEmpty {
            // A clean-up that was cut off after its last act upon the row.
            try await side.act(.empty, by: ticket, "cleaning up")
            return
        }
        try await side.act(.empty, by: ticket, "cleaning up")
        let record = try await side.record(ticket)
        if let record, record.attempt >= 0 { try await empty(ticket, try await side.plan(ticket)) }
        try await side.dropFence(ticket)
        try await side.act(.emptied, by: ticket, "cleaning up")
        side.forgetPlan(ticket)
    }

    /// Deletes what this migration has copied. It is known that nothing else was there.
    private func empty(_ ticket: MoveTicket, _ plan: PreparedPlan) async throws(MigrationError) {
        while try await side.deleteRows(ticket, plan, limit: 20_000, as: .empty) > 0 {}
        try await side.act(.empty, by: ticket, "forgetting the cursors") { session, _ in
            try await session.run(
                "DELETE FROM residency.cursor WHERE migration = \(SQLText.literal(ticket.migration))")
        }
    }

    private static func makeDurable(_ session: PostgresSession, _ answer: StoreAnswer) async throws {
        try await session.run("SET LOCAL synchronous_commit = on")
    }
}
