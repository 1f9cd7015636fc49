import TenantDirectory

/// What a database says of itself while it is asked nothing else.
extension PostgresSide {
    /// The tenant's row, and whether it can be believed (H31, H32).
    func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? {
        let isThere = try await run("looking for our schema", StoreSchema.isThere).last?.value == "t"
        guard isThere else { return StoreStanding(storeID: "", claim: StoreRow().claim) }
        let replies = try await run(
            "reading the tenant's row",
            """
            SELECT \(StoreSchema.columns) FROM residency.tenant WHERE tenant = '\(ticket.tenant)';
            SELECT id FROM residency.store;
            SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN \(StoreSchema.point) END
            """)
        guard replies.count == 3 else { throw MigrationError(.badAnswer, "\(title) answered some questions only.") }
        let row = replies[0].rows.first.flatMap(StoreSchema.row) ?? StoreRow()
        let storeID = replies[1].value ?? ""
        guard replies[2].value == "f", let text = replies[2][0, 1] else {
            return StoreStanding(
                storeID: storeID, claim: row.claim, doubt: "the server is a standby, and not the primary.")
        }
        let now = try StoreJSON.decode(SlotPoint.self, text, what: "\(title): its place in the log")
        var standing = StoreStanding(storeID: storeID, claim: row.claim, history: "\(now.system)/\(now.timeline)")
        guard let then = row.point else { return standing }
        standing.doubt = try await doubt(then, now)
        standing.isFlushed = try await laggingStandbys(then.position).isEmpty
        return standing
    }

    /// What speaks against what was written at a place in the log.
    private func doubt(_ then: SlotPoint, _ now: SlotPoint) async throws(MigrationError) -> String? {
        guard then.system == now.system else { return "it is another server than the row was written on." }
        guard let written = LogPosition(then.position), let current = LogPosition(now.position) else {
            return "the row's place in the log cannot be read."
        }
        guard current >= written else { return "its log ends at \(current), before \(written), where the row is." }
        if then.timeline == now.timeline { return nil }
        guard Int64(then.timeline) ?? .max < Int64(now.timeline) ?? 0 else {
            return "its history was cut: it is on timeline \(now.timeline), and the row was written on a later one."
        }
        guard let history = await timelineHistory(now.timeline) else {
            return "a standby has taken over or a backup has come back, and the role may not read since when. "
                + "ALTER ROLE … REPLICATION lets it."
        }
        guard let end = TimelineHistory(history).end(of: then.timeline), end >= written else {
            return "its history was cut before \(written): what was written there may be gone."
        }
        return nil
    }

    /// The file that the server keeps of a timeline; `nil` where this role may not see it.
    private func timelineHistory(_ timeline: String) async -> String? {
        let session = ownSession("residency history", isReplicating: true)
        // This database has answered just now: what cannot be opened is not allowed.
        guard (try? await session.open()) != nil else { return nil }
        let text = try? await session.run("TIMELINE_HISTORY \(Int(timeline) ?? 0)").last?[0, 1]
        await session.close()
        return text
    }

    /// Standbys that have not on their disk what was written here up to a place in the log: by name. Those that this
    /// role may not see are not among them.
    func laggingStandbys(_ position: String) async throws(MigrationError) -> [String] {
        let reply = try await run(
            "looking at the standbys",
            """
            SELECT coalesce(nullif(r.application_name, ''), r.pid::text) FROM pg_stat_replication r
            WHERE r.state IN ('streaming', 'catchup') AND r.flush_lsn < \(SQLText.literal(position))::pg_lsn
                AND NOT EXISTS (SELECT FROM pg_replication_slots s
                    WHERE s.active_pid = r.pid AND s.slot_type = 'logical') LIMIT 10
            """)
        return reply.last?.rows.compactMap { $0.first ?? nil } ?? []
    }

    /// Waits until every standby has what was committed before: one that took over would know it (H31).
    /// - Throws: `.inTheWay` with the standbys that are behind.
    func waitForStandbys(within time: Duration) async throws(MigrationError) {
        let position = try await run("looking where the log is", "SELECT pg_current_wal_insert_lsn()").last?.value
        let deadline = ContinuousClock.now + time
        while true {
            let lagging = try await laggingStandbys(position ?? "0/0")
            if lagging.isEmpty { return }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw MigrationError(
                    .inTheWay,
                    "\(title): the standbys \(lagging.joined(separator: ", ")) are behind; if one took over now, it "
                        + "would not know that the tenant has arrived.")
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: One store, or a copy of it

    /// Writes a nonce, or reads it (H29).
    func probe(writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        try await makeSchema()
        let write = nonce.map { "UPDATE residency.store SET nonce = \(SQLText.literal($0));" } ?? ""
        let reply = try await run(
            "asking which store it is",
            "\(write)SELECT id, nonce, pg_is_in_recovery() FROM residency.store"
        ).last
        guard let id = reply?[0, 0], reply?[0, 2] == "f" else {
            throw MigrationError(.blocked, "\(title) is a standby, or has lost its id: name the primary in its URL.")
        }
        return StoreProbe(storeID: id, nonce: reply?[0, 1] ?? "")
    }

    /// A server's start and the database's number in it: two that differ are not one database.
    func place() async throws(MigrationError) -> String {
        let sql = """
            SELECT pg_postmaster_start_time()::text || ' ' || (SELECT oid FROM pg_database \
            WHERE datname = current_database())
            """
        return try await run("asking where it is", sql).last?.value ?? ""
    }

    // MARK: What must not change

    func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? {
        let schema = try await describe()
        let plan = MovePlan(settings, schema: schema, names: ticket.names)
        let lines = SchemaFingerprint.lines(of: plan.tables, known: MovePlan.discover(settings, schema).map(\.name))
        let identities = plan.tables.map { table in
            "\(table.title) \(table.description.replicaIdentity) "
                + (table.description.identityColumns ?? []).joined(separator: ",")
        }
        // A trigger that is switched off lets everybody past the fence.
        let prefix = StoreNames(ticket).trigger("")
        let published = try await run(
            "looking at publication and triggers",
            """
            SELECT to_jsonb(p)::text FROM pg_publication_tables p \
            WHERE pubname = \(SQLText.literal(StoreNames(ticket).publication)) UNION ALL \
            SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger \
            WHERE left(tgname, \(prefix.utf8.count)) = '\(prefix)' ORDER BY 1
            """
        ).last?.rows.compactMap { $0.first ?? nil }
        return StoreSchemaState(
            fingerprint: SchemaFingerprint.of(lines), own: SchemaFingerprint.of(identities + (published ?? [])))
    }
}

extension PostgresSourceStore {
    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? {
        try await side.standing(ticket)
    }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? {
        try await side.schemaState(ticket)
    }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        try await side.probe(writing: nonce)
    }

    package func reassert(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        let mode = try await side.record(ticket)?.mode ?? .offline
        try await side.makeFence(
            ticket, try await side.plan(ticket), side: "source", mode: mode,
            act: .reassert(epoch: epoch, token: token))
    }
}

extension PostgresTargetStore {
    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? {
        try await side.standing(ticket)
    }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? {
        try await side.schemaState(ticket)
    }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        try await side.probe(writing: nonce)
    }
}
