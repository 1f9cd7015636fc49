import TenantDirectory

/// What a live move is made with: a slot, the session that made it, and one that keeps what it saw.
struct ChangeFeed: Sendable {
    let point: SlotPoint
    let snapshot: String
    let holder: PostgresSession
    let stream: PostgresSession
}

/// Publication and slot of a live move, at the source.
extension PostgresSide {
    /// Makes the publication with a filter for the tenant's rows, then the slot, and hands its snapshot on (H8, H9).
    func makeChanges(_ ticket: MoveTicket, _ plan: PreparedPlan) async throws(MigrationError) -> ChangeFeed {
        let names = StoreNames(ticket)
        let followed = plan.tables.filter(\.isFollowed)
        // A filter upon columns that the log does not tell of old rows breaks every tenant's UPDATE at once.
        let tables = followed.map { "TABLE \($0.name) WHERE (\($0.filter))" }
        let list = tables.isEmpty ? "" : " FOR " + tables.joined(separator: ", ")
        try await changeSchema(
            "making the publication",
            """
            CREATE PUBLICATION \(SQLText.name(names.publication))\(list) \
            WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)
            """)
        let stream = ownSession(names.sessions + " stream", isReplicating: true)
        let holder = ownSession(names.sessions + " snapshot", isReplicating: false)
        do {
            try await stream.open()
            let system = try await stream.run("IDENTIFY_SYSTEM").last
            let made = try await makeSlot(stream, names)
            // The next command on that session ends its snapshot; another takes it over first.
            try await holder.open()
            let exported = try await holder.run(
                """
                BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;SET LOCAL statement_timeout = 0;\
                SET TRANSACTION SNAPSHOT \(SQLText.literal(made[0, 2] ?? ""));SELECT pg_export_snapshot()
                """
            ).last?.value
            guard let exported, let point = made[0, 1] else {
                throw MigrationError(.badAnswer, "\(title): the server made a slot without a snapshot.")
            }
            return ChangeFeed(
                point: SlotPoint(position: point, system: system?[0, 0] ?? "", timeline: system?[0, 1] ?? ""),
                snapshot: exported, holder: holder, stream: stream)
        } catch {
            await stream.close()
            await holder.close()
            throw migrationError(error, "making the slot")
        }
    }

    /// - Throws: `.inTheWay` with the transactions that it waits for.
    private func makeSlot(_ stream: PostgresSession, _ names: StoreNames) async throws -> PostgresReply {
        let process = try await stream.run("SELECT pg_backend_pid()").last?.value ?? "0"
        let patience = settings.limits.slotPatience
        do throws(PostgresSessionError) {
            let command = "CREATE_REPLICATION_SLOT \"\(names.slot)\" LOGICAL pgoutput (SNAPSHOT 'export')"
            return try await stream.run(command, within: patience).last ?? PostgresReply()
        } catch {
            guard error.kind == .silence else { throw error }
            let reply = try? await run(
                "looking what the slot waits for",
                """
                SELECT pg_terminate_backend(\(process));
                SELECT format('process %s of %s, for %s s', pid, usename, floor(extract(epoch FROM now() - xact_start)))
                FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> \(process)
                    AND xact_start < now() - interval '1 s'
                UNION ALL SELECT 'the prepared transaction ' || gid FROM pg_prepared_xacts LIMIT 10
                """
            ).last
            let words = reply?.rows.compactMap { $0.first ?? nil }.joined(separator: "; ") ?? ""
            throw MigrationError(
                .inTheWay,
                "\(title): the slot was not made within \(patience): it waits for every transaction that "
                    + "has written: \(words).", cause: error)
        }
    }

    /// Takes slot and publication away, if they are there.
    func dropChanges(_ names: StoreNames) async throws(MigrationError) {
        let slot = SQLText.literal(names.slot)
        _ = try await use("dropping the slot") { session in
            for _ in 0..<50 {
                do {
                    try await session.run(
                        """
                        SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots \
                        WHERE slot_name = \(slot) AND database = current_database() AND active_pid IS NOT NULL
                        """)
                    try await session.run(
                        """
                        SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                        WHERE slot_name = \(slot) AND database = current_database()
                        """)
                    return
                } catch let error as PostgresSessionError where error.sqlState == "55006" {
                    // Its reader goes a moment after it was told to.
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            throw MigrationError(.inTheWay, "\(title): the slot \(names.slot) is in use and cannot be dropped.")
        }
        try await changeSchema(
            "dropping the publication", "DROP PUBLICATION IF EXISTS \(SQLText.name(names.publication))")
    }
}
