import TenantDirectory

extension PostgresSourceStore {
    package func lag(_ ticket: MoveTicket) async throws(MigrationError) -> StoreLag {
        guard try await record(ticket).mode == .live else { return StoreLag(bytes: 0) }
        let names = StoreNames(ticket)
        let reply = try await side.run(
            "measuring the lag",
            """
            SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn)::bigint,
                pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint, s.wal_status
            FROM pg_replication_slots s WHERE s.slot_name = \(SQLText.literal(names.slot));
            SELECT format('process %s of %s (%s), %s ms', pid, usename, application_name,
                floor(extract(epoch FROM now() - xact_start) * 1000))
            FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
                AND xact_start < now() - interval '1 s' AND pid <> pg_backend_pid() LIMIT 10;
            SELECT 'the prepared transaction ' || gid FROM pg_prepared_xacts
            WHERE database = current_database() LIMIT 10
            """)
        guard reply.count == 3, let bytes = reply[0].value.flatMap({ Int64($0) }) else {
            throw MigrationError(.mustRestart, "\(side.title): the slot \(names.slot) is gone; the copy begins anew.")
        }
        let held = reply[0][0, 1].flatMap { Int64($0) } ?? 0
        guard held <= side.settings.limits.logBudget, reply[0][0, 2] != "lost" else {
            throw MigrationError(
                .blocked,
                "\(side.title): the slot holds back \(held) bytes of log, more than a move may. "
                    + "Move when less is written, or raise the budget.")
        }
        return StoreLag(bytes: bytes, inTheWay: (reply[1].rows + reply[2].rows).compactMap { $0.first ?? nil })
    }

    package func raiseFence(
        _ ticket: MoveTicket, epoch: Int64, onlyWhereUp: Bool, within budget: Duration
    ) async throws(MigrationError) {
        // The fence does nothing where there is no gate.
        _ = try await record(ticket)
        var limits = PostgresSide.ActLimits()
        limits.lock = budget
        limits.statement = budget
        do {
            let act = onlyWhereUp ? StoreAct.lift(epoch: epoch) : .fence(epoch: epoch)
            try await side.act(act, by: ticket, limits: limits, "raising the fence")
        } catch  where error.code == .inTheWay {
            let fence = FenceStatements(names: StoreNames(ticket), jobRoles: [])
            let holders = try? await side.run("looking who holds the gate", fence.holders).last
            let words = holders?.rows.compactMap { $0.first ?? nil }.joined(separator: "; ") ?? ""
            throw MigrationError(
                .inTheWay,
                "\(side.title): the fence could not be raised within \(budget): "
                    + (words.isEmpty ? "transactions that have just ended stood in the way." : "in the way: \(words)."),
                cause: error)
        }
    }

    package func mark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        guard try await record(ticket).mode == .live else { return "" }
        let marker = "\(StoreNames(ticket).short) \(Hexadecimal.lowerCase(SecureRandom.bytes(16)))"
        try await side.act(.prepare, by: ticket, "writing the marker") { session, _ in
            try await session.run(
                """
                SET LOCAL synchronous_commit = on;
                SELECT pg_logical_emit_message(true, 'residency.marker', \(SQLText.literal(marker)))
                """)
        }
        return marker
    }

    package func decide(
        _ ticket: MoveTicket, epoch: Int64, _ wanted: StoreDecision
    ) async throws(MigrationError) -> StoreDecision {
        var limits = PostgresSide.ActLimits()
        limits.isFresh = true
        let (_, answer) = try await side.act(
            .decide(epoch: epoch, wanted), by: ticket, limits: limits, "deciding",
            { session, answer in
                if case .change = answer { try await session.run("SET LOCAL synchronous_commit = on") }
            })
        guard case .decided(let decision) = answer else {
            if case .moved = wanted { await tellJobs(ticket) }
            return wanted
        }
        return decision
    }

    /// Jobs that may be left undone in silence see it by the gate (H40); the decision does not wait for that.
    private func tellJobs(_ ticket: MoveTicket) async {
        let gate = StoreNames(ticket).gate
        _ = try? await side.run(
            "telling jobs",
            """
            BEGIN;SET LOCAL lock_timeout = 200;LOCK TABLE \(gate) IN EXCLUSIVE MODE;\
            UPDATE \(gate) SET state = 'moved';COMMIT
            """)
    }

    // MARK: Afterwards

    /// Slot and publication go, so that they hold back no log; the fence stays until the purge.
    package func finish(_ ticket: MoveTicket) async throws(MigrationError) {
        guard let row = try await side.row(of: ticket.tenant), !row.migration.isEmpty else { return }
        guard row.migration == ticket.migration, row.state == .moved || row.state == .purging else {
            throw MigrationError(
                .overtaken, "\(side.title): the tenant's row is \(row.state.rawValue)(\(row.epoch)), and has not left.")
        }
        await forgetStreams(ticket)
        try await side.dropChanges(StoreNames(ticket))
    }

    package func retire(_ ticket: MoveTicket) async throws(MigrationError) {
        let plan = try await side.plan(ticket)
        let names = StoreNames(ticket)
        let tables = plan.tables.enumerated().filter(\.element.isActivating)
        guard !tables.isEmpty, try await side.row(of: ticket.tenant)?.migration == ticket.migration else { return }
        // What follows back from the new place must not switch them on here.
        try await side.makeSwitches(ticket, plan)
        for (place, table) in tables {
            try await side.changeSchema(
                "making \(names.kept(place))",
                "CREATE TABLE IF NOT EXISTS \(names.kept(place)) (LIKE \(table.name) INCLUDING INDEXES)")
        }
        try await side.act(.retire, by: ticket, "putting aside what makes the app act for the tenant") { session, _ in
            try await session.run(MoveRecord.pass(ticket, mayReplay: plan.mayReplay))
            for (place, table) in tables.reversed() {
                let isKept = try await session.run("SELECT EXISTS (SELECT FROM \(names.kept(place)))").last?.value
                if isKept == "t" { continue }
                try await session.run(
                    "INSERT INTO \(names.kept(place)) SELECT * FROM \(table.from) t WHERE \(table.condition())")
                let change = table.off.map { "\(SQLText.name($0.column)) = (\($0.value))" }.joined(separator: ", ")
                try await session.run(
                    table.isTwin
                        ? "UPDATE \(table.from) t SET \(change) WHERE \(table.condition())"
                        : "DELETE FROM \(table.from) t WHERE \(table.condition())")
            }
        }
    }

    package func purge(_ ticket: MoveTicket, limit: Int64) async throws(MigrationError) -> Int64 {
        let (before, _) = try await side.act(.purge, by: ticket, "purging")
        if before.migration.isEmpty { return 0 }
        let plan = try await side.plan(ticket)
        if before.state == .moved {
            await forgetStreams(ticket)
            try await side.dropChanges(StoreNames(ticket))
        }
        if try await side.deleteRows(ticket, plan, limit: limit, as: .purge) > 0 {
            let left = try await side.rowCount(plan)
            if left > 0 { return left }
        }
        let left = try await side.rowCount(plan)
        guard left == 0 else { return left }
        try await side.dropChanges(StoreNames(ticket))
        try await side.dropFence(ticket)
        try await side.act(.purged, by: ticket, "purging")
        await forget(ticket)
        return 0
    }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        guard let row = try await side.row(of: ticket.tenant) else { return }
        if row.migration == ticket.migration || row.migration.isEmpty {
            try await side.act(.giveUp, by: ticket, "giving the move up")
        }
        await forgetStreams(ticket)
        try await side.dropChanges(StoreNames(ticket))
        try await side.dropFence(ticket)
        await forget(ticket)
    }

    private func forgetStreams(_ ticket: MoveTicket) async { await move(ticket).end() }
}
