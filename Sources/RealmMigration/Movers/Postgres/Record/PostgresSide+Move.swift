import TenantDirectory

extension PostgresSide {
    /// What is remembered of the migration; `nil` for nothing.
    func record(_ ticket: MoveTicket) async throws(MigrationError) -> MoveRecord? {
        let replies = try await run("reading the migration's record", MoveRecord.select(ticket))
        return replies.last?.rows.first.flatMap { MoveRecord($0) }
    }

    /// Makes the gate and the triggers of the fence, which does nothing yet at a source.
    func makeFence(_ ticket: MoveTicket, _ plan: PreparedPlan, side: String, mode: MoveMode, act wanted: StoreAct)
        async throws(MigrationError)
    {
        let fence = FenceStatements(names: StoreNames(ticket), jobRoles: settings.jobRoles)
        let mark = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        try await act(wanted, by: ticket, "making the gate") { session, answer in
            var state = StoreClaim.State.arriving
            if side == "source" { state = (try await self.lockedState(session, ticket)) ?? .open }
            let insert = MoveRecord.insert(ticket, side: side, mode: mode, mark: mark)
            let stored = try await session.run("\(insert);\(MoveRecord.select(ticket))").last?.rows.first
            let known = stored.flatMap { MoveRecord($0) }?.mark ?? mark
            try await session.run(fence.makeGate(state: state, mark: known).joined(separator: ";\n"))
        }
        for (place, table) in plan.own.enumerated() {
            try await changeSchema(
                "making the triggers of \(table.title)",
                fence.makeTriggers(table, place: place).joined(separator: ";\n"))
        }
    }

    private func lockedState(_ session: PostgresSession, _ ticket: MoveTicket) async throws -> StoreClaim.State? {
        let reply = try await session.run(
            "SELECT state FROM residency.tenant WHERE tenant = '\(ticket.tenant)'")
        return reply.last?.value.flatMap(StoreClaim.State.init(rawValue:))
    }

    /// Rows that come switched off are so by a trigger, whoever brings them, until the tenant's row is open (H42).
    func makeSwitches(_ ticket: MoveTicket, _ plan: PreparedPlan) async throws(MigrationError) {
        let fence = FenceStatements(names: StoreNames(ticket), jobRoles: [])
        for (place, table) in plan.own.enumerated() where !table.off.isEmpty {
            try await changeSchema(
                "making the switch of \(table.title)",
                fence.makeSwitch(table, place: place).joined(separator: ";\n"))
        }
    }

    /// Takes the fence away, and what is remembered of the migration.
    func dropFence(_ ticket: MoveTicket) async throws(MigrationError) {
        try await dropObjects(StoreNames(ticket).short)
        _ = try await run("forgetting the migration", MoveRecord.remove(ticket).joined(separator: ";\n"))
    }

    /// Drops triggers, gate, functions and waiting rows of a migration, whatever tables they are on by now.
    func dropObjects(_ short: String) async throws(MigrationError) {
        let triggers = try await run("looking for triggers", FenceStatements.triggers(of: short)).last?.rows ?? []
        for statement in triggers.compactMap({ $0.first ?? nil }) {
            try await changeSchema("dropping a trigger", statement)
        }
        let objects = try await run("looking for what is ours", FenceStatements.objects(of: short)).last?.rows ?? []
        let statements = objects.compactMap { $0.first ?? nil }
        if !statements.isEmpty {
            try await changeSchema("dropping the fence", statements.joined(separator: ";\n"))
        }
    }

    /// Notes that everything was made for this attempt.
    func notePrepared(_ ticket: MoveTicket, mode: MoveMode, point: SlotPoint?, as act: StoreAct)
        async throws(MigrationError)
    {
        let text = try point.map { value throws(MigrationError) in try StoreJSON.encode(value) } ?? ""
        try await self.act(act, by: ticket, "noting what was prepared") { session, _ in
            try await session.run(
                """
                UPDATE residency.move SET attempt = \(ticket.attempt), mode = '\(mode.rawValue)', \
                point = \(SQLText.literal(text)) WHERE migration = \(SQLText.literal(ticket.migration))
                """)
        }
    }

    /// How many rows the tenant has, over all tables: at most so many are counted of each.
    func rowCount(_ plan: PreparedPlan, upTo limit: Int64 = 1_000_000) async throws(MigrationError) -> Int64 {
        var count: Int64 = 0
        for table in plan.own { count += try await rowCount(table, upTo: limit) }
        return count
    }

    func rowCount(_ table: MovedTable, upTo limit: Int64) async throws(MigrationError) -> Int64 {
        let sql = long(
            "SELECT count(*) FROM (SELECT FROM \(table.from) t WHERE \(table.condition()) LIMIT \(limit)) q")
        return try await run("counting the rows of \(table.title)", sql).dropLast().last?.value.flatMap { Int64($0) }
            ?? 0
    }

    /// A statement that may take long, in a transaction of its own.
    func long(_ sql: String) -> String {
        "BEGIN;SET LOCAL statement_timeout = \(settings.limits.longStatementTimeout.wholeMilliseconds);\(sql);COMMIT"
    }

    /// Deletes up to so many of the tenant's rows, what refers to others first, in one transaction.
    /// - Returns: how many were deleted.
    func deleteRows(_ ticket: MoveTicket, _ plan: PreparedPlan, limit: Int64, as wanted: StoreAct)
        async throws(MigrationError) -> Int64
    {
        var limits = ActLimits()
        limits.statement = settings.limits.longStatementTimeout
        var deleted: Int64 = 0
        try await act(wanted, by: ticket, limits: limits, "deleting rows") { session, _ in
            try await session.run(MoveRecord.pass(ticket, mayReplay: plan.mayReplay))
            for table in plan.own.reversed() {
                let left = limit - deleted
                guard left > 0 else { break }
                deleted +=
                    try await session.run(
                        """
                        DELETE FROM \(table.from) d WHERE (d.tableoid, d.ctid) IN (SELECT t.tableoid, t.ctid \
                        FROM \(table.from) t WHERE \(table.condition()) LIMIT \(left))
                        """, within: limits.statement
                    ).last?.affected ?? 0
            }
        }
        return deleted
    }
}
