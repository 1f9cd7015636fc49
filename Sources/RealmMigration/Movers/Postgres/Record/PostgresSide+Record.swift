import TenantDirectory

/// The tenant's row: every act upon it is one transaction that locks it first.
extension PostgresSide {
    /// What a transaction may do beyond the row.
    struct ActLimits: Sendable {
        /// For each wait for a lock, and for each statement.
        var lock = Duration.seconds(3)
        var statement = Duration.seconds(10)
        /// Writers of data share the row; changes of it are alone (H38).
        var isShared = false
        /// On a connection of its own, made for it: an older one may lead to a server that another has replaced (H32).
        var isFresh = false
    }

    /// Asks the tenant's row, writes what it becomes, and does the rest in the same transaction.
    /// - Parameter rest: in the transaction, after the row and the gate are written. Its end commits.
    /// - Returns: the row before, and its answer.
    /// - Throws: `.overtaken` where the row refuses.
    @discardableResult
    func act(
        _ act: StoreAct, by ticket: MoveTicket, limits: ActLimits = ActLimits(), _ what: String,
        _ rest: (PostgresSession, StoreAnswer) async throws -> Void = { _, _ in }
    ) async throws(MigrationError) -> (before: StoreRow, answer: StoreAnswer) {
        try await use(what, isFresh: limits.isFresh) { session in
            let before = try await begin(session, by: ticket, limits, isMaking: act == .claim)
            let answer = before.row.answer(to: act, by: ticket)
            switch answer {
            case .refused(let code, let words):
                throw MigrationError(code, "\(title): \(what) was refused: \(words).")
            case .change(let row):
                try await session.run(
                    statements(from: before.row, to: row, ticket, hasGate: before.hasGate).joined(separator: ";\n"))
            case .asItIs, .decided: break
            }
            try await rest(session, answer)
            try await session.run("COMMIT")
            return (before.row, answer)
        }
    }

    /// Begins a transaction of ours and reads the tenant's row, locked.
    private func begin(
        _ session: PostgresSession, by ticket: MoveTicket, _ limits: ActLimits, isMaking: Bool
    ) async throws -> (row: StoreRow, hasGate: Bool) {
        let names = StoreNames(ticket)
        var script = [
            "BEGIN", "SET LOCAL application_name = '\(names.sessions) \(ticket.generation)'",
            "SET LOCAL lock_timeout = \(limits.lock.wholeMilliseconds)",
            "SET LOCAL statement_timeout = \(limits.statement.wholeMilliseconds)", "SET LOCAL synchronous_commit = on",
        ]
        if isMaking {
            script.append(
                """
                INSERT INTO residency.tenant (tenant, \(StoreSchema.columns)) \
                VALUES ('\(ticket.tenant)', 'open', 0, 0, 0, '', '', '', NULL, '') ON CONFLICT DO NOTHING
                """)
        }
        script.append("SELECT to_regclass('\(names.gate)') IS NOT NULL")
        script.append(
            """
            SELECT \(StoreSchema.columns) FROM residency.tenant WHERE tenant = '\(ticket.tenant)' \
            FOR \(limits.isShared ? "SHARE" : "UPDATE")
            """)
        do {
            let replies = try await session.run(
                script.joined(separator: ";\n"), within: limits.lock + limits.statement)
            let hasGate = replies.dropLast().last?.value == "t"
            guard let values = replies.last?.rows.first else { return (StoreRow(), hasGate) }
            guard let row = StoreSchema.row(values) else {
                throw MigrationError(.badAnswer, "\(title): the tenant's row in residency.tenant cannot be read.")
            }
            return (row, hasGate)
        } catch let error as PostgresSessionError where error.sqlState == "42P01" || error.sqlState == "3F000" {
            throw MigrationError(
                .overtaken, "\(title): there is no schema residency: the migration was not claimed here.", cause: error)
        }
    }

    /// The row first, then the gate, which the triggers look at (H38).
    private func statements(
        from old: StoreRow, to row: StoreRow, _ ticket: MoveTicket, hasGate: Bool
    ) -> [String] {
        let names = StoreNames(ticket)
        let isNoting = old.state != row.state && (row.state == .fenced || row.state == .moved || row.token != nil)
        var statements = [StoreSchema.update(row, tenant: ticket.tenant, isNoting: isNoting)]
        // Writers that are refused hold the gate for a moment, too; that it says `moved` is of use to jobs alone, and
        // the decision must not wait for it.
        if hasGate, (old.state == .open) != (row.state == .open) {
            statements.append("LOCK TABLE \(names.gate) IN EXCLUSIVE MODE")
            statements.append("UPDATE \(names.gate) SET state = '\(row.state.rawValue)'")
        }
        return statements
    }

    /// The tenant's row as it is, without a lock; `nil` where there is none.
    func row(of tenant: TenantID) async throws(MigrationError) -> StoreRow? {
        try await use("reading the tenant's row") { session in
            let isThere = try await session.run("SELECT to_regclass('residency.tenant') IS NOT NULL").last?.value
            guard isThere == "t" else { return nil }
            let reply = try await session.run(
                "SELECT \(StoreSchema.columns) FROM residency.tenant WHERE tenant = '\(tenant)'")
            return reply.last?.rows.first.flatMap(StoreSchema.row)
        }
    }

    /// Claims the row for the ticket, after ending our own sessions of older generations (H38).
    func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await makeSchema()
        let names = StoreNames(ticket)
        // A process that stands still may hold the row; its transaction ends with its session.
        _ = try await run(
            "ending older sessions",
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '\(names.sessions) %' \
            AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() \
            AND substring(application_name FROM '[0-9]+$')::bigint < \(ticket.generation)
            """)
        return try await act(.claim, by: ticket, "claiming the tenant's row").before.claim
    }
}
