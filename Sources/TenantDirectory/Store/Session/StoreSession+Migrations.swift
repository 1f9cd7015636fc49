/// The journal of migrations: reading, entering, wishing.
extension StoreSession {
    private static let migrationColumns = """
        id, tenant_id, source, target, kind, mode, host_id, window_end, commit_mode, start_at, batch, batch_at_once, \
        wishes, holder, incarnation, generation, counter, phase, attempt, is_return, purge_at, progress, findings, \
        reason, receipt, created_at, updated_at
        """

    // MARK: Reading

    func directoryName() throws -> String? { try row("SELECT name FROM directory_name WHERE id = 1")?.text(0) }

    /// Two processes that ask at once meet at the key of the row.
    func nameDirectory() throws -> String {
        if let name = try directoryName() { return name }
        let name = Hexadecimal.lowerCase(SecureRandom.bytes(8))
        try execute("INSERT INTO directory_name (id, name) VALUES (1, ?)", [.text(name)])
        return name
    }

    func migration(_ id: String) throws -> MigrationRecord? {
        let lock = isWriting ? runner.lockingSuffix : ""
        return try row("SELECT \(Self.migrationColumns) FROM migrations WHERE id = ?\(lock)", [.text(id)])
            .map(Self.migration)
    }

    func migrations(_ filter: MigrationFilter) throws -> [MigrationRecord] {
        var (conditions, values): ([String], [SQLValue]) = (["id <> ''"], [])
        if let tenant = filter.tenant {
            conditions.append("tenant_id = ?")
            values.append(SQLValue(tenant))
        }
        if filter.activeOnly { conditions.append("is_over = 0") }
        if let batch = filter.batch {
            conditions.append("batch = ?")
            values.append(.text(batch))
        }
        values.append(.integer(Int64(max(0, filter.limit))))
        let condition = conditions.joined(separator: " AND ")
        return try rows(
            """
            SELECT \(Self.migrationColumns) FROM migrations WHERE \(condition) \
            ORDER BY created_at DESC, id LIMIT ?
            """, values
        ).map(Self.migration)
    }

    private static func migration(_ row: StoredRow) throws -> MigrationRecord {
        let trigger: MigrationRecord.Trigger =
            if let host = try row.optionalText(6) {
                .host(id: host, windowEnd: try row.optionalNumber(7))
            } else {
                .administrator
            }
        let atOnce = Int(try row.number(11))
        let batch = try row.optionalText(10).map { MigrationBatch(name: $0, atOnce: atOnce) }
        let incarnation = try row.optionalText(14) ?? ""
        let holder = try row.optionalText(13).map { NodeRecord.Identity(id: $0, incarnation: incarnation) }
        var record = MigrationRecord(
            id: try row.text(0), tenant: try row.tenantID(1), source: try row.region(2), target: try row.region(3),
            kind: try row.name(4), mode: try row.name(5), trigger: trigger, commit: try row.name(8),
            startAt: try row.number(9), batch: batch, createdAt: try row.number(25),
            lease: MigrationLease(holder: holder, generation: try row.number(15), counter: try row.number(16)),
            phase: try row.name(17), updatedAt: try row.number(26))
        record.wishes = wishes(try row.text(12))
        record.attempt = try row.number(18)
        record.isReturn = try row.number(19) != 0
        record.purgeAt = try row.optionalNumber(20)
        (record.progress, record.findings) = (try row.text(21), try row.text(22))
        (record.reason, record.receipt) = (try row.text(23), try row.text(24))
        return record
    }

    // MARK: Entering

    func createMigration(_ request: MigrationRequest, actor: String) throws -> Change<MigrationRecord> {
        let tenant = try known(request.tenant)
        guard tenant.placement.region == request.source, request.source != request.target else {
            throw DirectoryError(
                .conflict,
                "Tenant \(request.tenant) lives in \(tenant.placement.region): it cannot be moved from "
                    + "\(request.source) to \(request.target).")
        }
        guard tenant.state.isServed else {
            throw DirectoryError(.conflict, "Tenant \(request.tenant) is \(tenant.state): there is nothing to move.")
        }
        if request.kind != .plan { try checkIsFree(request) }
        let generation =
            try row("SELECT MAX(generation) FROM migrations WHERE tenant_id = ?", [SQLValue(request.tenant)])?
            .optionalNumber(0) ?? 0
        let record = MigrationRecord(
            id: TenantID.random().description, tenant: request.tenant, source: request.source, target: request.target,
            kind: request.kind, mode: request.mode, trigger: request.trigger, commit: request.commit,
            startAt: request.startAt, batch: request.batch, createdAt: now,
            lease: MigrationLease(holder: nil, generation: generation, counter: 0), phase: .scheduled, updatedAt: now)
        insert(record)
        let number = takeNumber()
        audit(
            number, record.tenant, actor: actor, "\(record.kind) asked for",
            "\(record.source) to \(record.target), \(record.id)")
        return .none(record)
    }

    private func checkIsFree(_ request: MigrationRequest) throws {
        let other = try migrations(MigrationFilter(tenant: request.tenant, activeOnly: true)).first { $0.kind != .plan }
        if let other {
            throw DirectoryError(
                .conflict,
                "Tenant \(request.tenant) has a migration already, \(other.id) from \(other.source) to "
                    + "\(other.target), which is \(other.phase.rawValue). "
                    + (other.phase == .committed
                        ? "`migrate return` brings the tenant back; `migrate purge` deletes the old rows at once, "
                            + "after which it can be moved elsewhere."
                        : "`migrate cancel` ends it."))
        }
        guard let atMost = request.atMost else { return }
        // A request that is not taken is told so, and does not wait: what is scheduled counts as well.
        let count = try under(way: request.source, request.target, "'scheduled', 'preparing'")
        guard count < atMost else {
            throw DirectoryError(
                .conflict,
                "\(count) migrations are under way from \(request.source) to \(request.target) already, and "
                    + "migration.atOnce allows \(atMost). Ask again later.")
        }
    }

    /// How many moves and rehearsals are before their switch. Whoever decides by it waits here for who did before.
    private func under(way source: Region, _ target: Region, _ first: String, except id: String = "") throws -> Int {
        _ = try nameDirectory()
        try execute("UPDATE directory_name SET name = name WHERE id = 1")
        return Int(
            try row(
                """
                SELECT COUNT(*) FROM migrations WHERE source = ? AND target = ? AND is_over = 0 AND id <> ? \
                AND kind <> 'plan' AND phase IN (\(first), 'copying', 'catchingUp', 'ready', 'cuttingOver')
                """, [.text(source.code), .text(target.code), .text(id)])?.number(0) ?? 0)
    }

    private func insert(_ record: MigrationRecord) {
        let (hostID, windowEnd): (String?, Int64?) =
            if case .host(let id, let end) = record.trigger { (id, end) } else { (nil, nil) }
        add(
            """
            INSERT INTO migrations (\(Self.migrationColumns), is_over) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, 0, ?, 1, 0, NULL, '', '', '', '', ?, ?, 0)
            """,
            [
                .text(record.id), SQLValue(record.tenant), .text(record.source.code), .text(record.target.code),
                .text(record.kind.rawValue), .text(record.mode.rawValue), SQLValue(hostID), SQLValue(windowEnd),
                .text(record.commit.rawValue), .integer(record.startAt), SQLValue(record.batch?.name),
                .integer(Int64(record.batch?.atOnce ?? 0)), .text(Self.text(record.wishes)),
                .integer(record.lease.generation), .text(record.phase.rawValue), .integer(now), .integer(now),
            ])
    }

    // MARK: Wishing

    func wish(_ wish: MigrationWish, of id: String, actor: String) throws -> Change<MigrationRecord> {
        guard var record = try migration(id) else {
            throw DirectoryError(.conflict, "There is no migration \(id). `migrate list` shows those there are.")
        }
        guard !record.wishes.contains(wish) else { return .none(record) }
        let isAllowed =
            switch wish {
            case .begin, .commit, .cancel: record.phase.isBeforeSwitch
            case .return, .keep: record.phase == .committed && !record.isReturn
            case .purge: record.phase == .committed
            }
        guard isAllowed else {
            throw DirectoryError(
                .conflict,
                "Migration \(id) is \(record.phase.rawValue): \(wish.rawValue) cannot be asked of it any more, or yet.")
        }
        record.wishes.insert(wish)
        if wish == .cancel, record.phase == .scheduled {
            (record.phase, record.reason) = (.rolledBack, "It was cancelled before it began.")
        }
        add(
            "UPDATE migrations SET wishes = ?, phase = ?, is_over = ?, reason = ?, updated_at = ? WHERE id = ?",
            [
                .text(Self.text(record.wishes)), .text(record.phase.rawValue), .integer(record.phase.isOver ? 1 : 0),
                .text(record.reason), .integer(now), .text(id),
            ])
        let number = takeNumber()
        audit(number, record.tenant, actor: actor, "\(wish.rawValue) asked for", "migration \(id)")
        return .none(record)
    }

    /// A tenant that is uninstalled is not moved any more, and what is left of it at its old place need not wait.
    func endMigrations(ofUninstalled tenant: TenantID) throws {
        for record in try migrations(MigrationFilter(tenant: tenant, activeOnly: true)) where record.kind != .plan {
            let wish: MigrationWish = record.phase.isBeforeSwitch ? .cancel : .purge
            add(
                "UPDATE migrations SET wishes = ? WHERE id = ?",
                [.text(Self.text(record.wishes.union([wish]))), .text(record.id)])
        }
    }

    // MARK: Working

    func takeMigration(
        _ id: String, by holder: NodeRecord.Identity, seen: MigrationLease, above generation: Int64, atOnce: Int
    ) throws -> Change<MigrationRecord?> {
        guard var record = try migration(id), !record.phase.isOver, record.lease == seen else { return .none(nil) }
        if record.phase == .scheduled {
            let isDue = record.startAt <= now || !record.wishes.isDisjoint(with: [.begin, .cancel])
            guard isDue, try hasTurn(record, atOnce) else { return .none(nil) }
            record.phase = .preparing
        }
        record.lease = MigrationLease(
            holder: holder, generation: max(seen.generation, generation) + 1, counter: seen.counter + 1)
        add(
            """
            UPDATE migrations SET holder = ?, incarnation = ?, generation = ?, counter = ?, phase = ?, updated_at = ? \
            WHERE id = ?
            """,
            [
                .text(holder.id), .text(holder.incarnation), .integer(record.lease.generation),
                .integer(record.lease.counter), .text(record.phase.rawValue), .integer(now), .text(id),
            ])
        return .none(record)
    }

    private func hasTurn(_ record: MigrationRecord, _ atOnce: Int) throws -> Bool {
        guard record.kind != .plan else { return true }
        guard try under(way: record.source, record.target, "'preparing'", except: record.id) < atOnce else {
            return false
        }
        guard let batch = record.batch else { return true }
        let running = try row(
            """
            SELECT COUNT(*) FROM migrations WHERE batch = ? AND is_over = 0 \
            AND phase IN ('preparing', 'copying', 'catchingUp', 'ready', 'cuttingOver', 'rollingBack')
            """, [.text(batch.name)])
        return Int(try running?.number(0) ?? 0) < batch.atOnce
    }

    func saveMigration(_ record: MigrationRecord) throws -> Change<MigrationRecord> {
        let current = try migration(record.id)
        guard var saved = current, saved.lease.generation == record.lease.generation,
            saved.lease.holder == record.lease.holder
        else {
            throw DirectoryError(.conflict, "Another node works on migration \(record.id). Nothing was changed.")
        }
        // The switch may have been made meanwhile, by whoever ended the hold.
        let phase = saved.phase == .committed && record.phase == .cuttingOver ? saved.phase : record.phase
        guard saved.phase == phase || saved.phase.next.contains(phase) else {
            throw DirectoryError(
                .conflict,
                "Migration \(record.id) is \(saved.phase.rawValue), which \(record.phase.rawValue) cannot follow. "
                    + "Nothing was changed.")
        }
        saved.lease.counter += 1
        (saved.phase, saved.attempt, saved.isReturn) = (phase, record.attempt, record.isReturn)
        (saved.purgeAt, saved.progress, saved.findings) = (record.purgeAt, record.progress, record.findings)
        (saved.reason, saved.receipt, saved.updatedAt) = (record.reason, record.receipt, now)
        add(
            """
            UPDATE migrations SET counter = ?, phase = ?, is_over = ?, attempt = ?, is_return = ?, purge_at = ?, \
            progress = ?, findings = ?, reason = ?, receipt = ?, updated_at = ? WHERE id = ?
            """,
            [
                .integer(saved.lease.counter), .text(saved.phase.rawValue), .integer(saved.phase.isOver ? 1 : 0),
                .integer(saved.attempt), .integer(saved.isReturn ? 1 : 0), SQLValue(saved.purgeAt),
                .text(saved.progress), .text(saved.findings), .text(saved.reason), .text(saved.receipt),
                .integer(now), .text(saved.id),
            ])
        return .none(saved)
    }

    func leaveMigration(_ record: MigrationRecord) -> Change<Void> {
        add(
            """
            UPDATE migrations SET holder = NULL, incarnation = NULL, counter = counter + 1 \
            WHERE id = ? AND generation = ? AND holder = ?
            """,
            [.text(record.id), .integer(record.lease.generation), SQLValue(record.lease.holder?.id)])
        return .none(())
    }

    // MARK: With the hold

    /// A hold is made by who has the lease, and never of a migration that is to be cancelled. Names that are no
    /// migration's are somebody else's business.
    func checkMayHold(_ name: String, as state: Placement.State) throws {
        guard let record = try migration(TenantHold.migrationID(of: name)) else { return }
        // The writes alone are stopped for the copy of a move that is not live.
        let phase: MigrationPhase = state == .moving ? .copying : .cuttingOver
        guard record.holdName == name, !record.wishes.contains(.cancel), record.phase == phase else {
            throw DirectoryError(
                .conflict,
                "Migration \(record.id) may not hold its tenant now: it was taken over, or is to be cancelled.")
        }
    }

    /// The switch: with the hold's end the migration is committed, in one transaction, whoever ends the hold.
    func noteSwitch(_ name: String) throws {
        guard let record = try migration(TenantHold.migrationID(of: name)), record.phase == .cuttingOver else {
            return
        }
        add(
            "UPDATE migrations SET phase = ?, updated_at = ? WHERE id = ?",
            [.text(MigrationPhase.committed.rawValue), .integer(now), .text(record.id)])
    }

    private static func text(_ wishes: Set<MigrationWish>) -> String {
        wishes.map(\.rawValue).sorted().joined(separator: " ")
    }

    private static func wishes(_ text: String) -> Set<MigrationWish> {
        Set(text.split(separator: " ").compactMap { MigrationWish(rawValue: String($0)) })
    }
}
