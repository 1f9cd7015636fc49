/// Holds and their acknowledgements.
extension StoreSession {
    struct StoredHold: Sendable {
        let hold: TenantHold
        /// Every owner node had acknowledged it, at one moment.
        let hasPassed: Bool
    }

    func hold(of tenant: TenantID) throws -> StoredHold? {
        let row = try row(
            "SELECT \(Self.holdColumns), passed FROM holds WHERE tenant_id = ?", [SQLValue(tenant)])
        guard let row else { return nil }
        return StoredHold(hold: try Self.hold(row), hasPassed: try row.number(7) != 0)
    }

    func holds(limit: Int) throws -> [TenantHold] {
        try rows("SELECT \(Self.holdColumns) FROM holds ORDER BY tenant_id LIMIT ?", [.integer(Int64(limit))])
            .map(Self.hold)
    }

    private static let holdColumns = "tenant_id, migration, change_id, epoch, seq, source, state"

    private static func hold(_ row: StoredRow) throws -> TenantHold {
        TenantHold(
            tenant: try row.tenantID(0), migration: try row.text(1), change: try row.text(2),
            epoch: try row.number(3), sequence: try row.number(4), source: try row.region(5), state: try row.name(6))
    }

    func hold(
        _ id: TenantID, for migration: String, at source: Region, above epoch: Int64, as state: Placement.State,
        actor: String
    ) throws -> Change<TenantHold> {
        guard let before = try record(id) else { throw Self.noTenant(id) }
        if let current = try hold(of: id)?.hold {
            // Whoever has taken a migration over has another name, and takes over the stop of the writes with it.
            let isOurs =
                current.migration == migration
                || current.state == .moving && current.isOfMigration(TenantHold.migrationID(of: migration))
            guard isOurs, current.source == source else {
                throw DirectoryError(
                    .conflict, "Tenant \(id) is held already, by migration \(current.migration). Nothing was changed.")
            }
            if current.migration == migration, current.state == state || current.state == .held {
                return .none(current)
            }
        }
        try checkMayHold(migration, as: state)
        guard before.placement.state != .held, before.placement.region == source else {
            throw DirectoryError(
                .conflict,
                "Tenant \(id) is \(before.placement.state) in \(before.placement.region), so it cannot be held in "
                    + "\(source). Nothing was changed.")
        }
        var record = before
        record.placement.state = state
        record.placement.epoch = max(before.placement.epoch, epoch) + 1
        record.updatedAt = now
        let number = takeNumber()
        try update(record, before: before, number: number)
        let (change, held) = (Hexadecimal.lowerCase(SecureRandom.bytes(16)), record.placement.epoch)
        add("DELETE FROM hold_acknowledgements WHERE tenant_id = ?", [SQLValue(id)])
        add("DELETE FROM holds WHERE tenant_id = ?", [SQLValue(id)])
        add(
            """
            INSERT INTO holds (tenant_id, migration, change_id, epoch, seq, source, passed, held_at, state) \
            VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
            """,
            [
                SQLValue(id), .text(migration), .text(change), .integer(held), .change(number), .text(source.code),
                .integer(now), .text(state.rawValue),
            ])
        audit(number, id, actor: actor, "\(state)", "\(source), epoch \(held)")
        return Change { first in
            TenantHold(
                tenant: id, migration: migration, change: change, epoch: held, sequence: first + Int64(number),
                source: source, state: state)
        }
    }

    func acknowledge(_ hold: TenantHold, by node: NodeRecord.Identity) throws -> Change<Void> {
        _ = try current(hold)
        write(hold, [node])
        return .none(())
    }

    func passBarrier(
        _ hold: TenantHold, acknowledged: Set<NodeRecord.Identity>, passedOver: Set<NodeRecord.Identity>,
        countsWritten: Bool
    ) throws -> Change<[NodeRecord.Identity]> {
        if try current(hold).hasPassed { return .none([]) }
        write(hold, acknowledged)
        let rows = try rows(
            "SELECT node_id, incarnation FROM hold_acknowledgements WHERE tenant_id = ? AND change_id = ?",
            [SQLValue(hold.tenant), .text(hold.change)])
        let written = try rows.map { NodeRecord.Identity(id: try $0.text(0), incarnation: try $0.text(1)) }
        let done = passedOver.union(acknowledged).union(countsWritten ? written : [])
        let missing = try nodes().filter { $0.regions.contains(hold.source) && !done.contains($0.identity) }
        if missing.isEmpty { add("UPDATE holds SET passed = 1 WHERE tenant_id = ?", [SQLValue(hold.tenant)]) }
        return .none(missing.map(\.identity))
    }

    func release(_ hold: TenantHold, to region: Region, actor: String) throws -> Change<Tenant> {
        guard let before = try record(hold.tenant) else { throw Self.noTenant(hold.tenant) }
        let next = Placement(region: region, epoch: hold.epoch + 1, state: .serving)
        guard before.placement != next else { return .none(try before.opened(sealer)) }
        let hasPassed = try current(hold).hasPassed && hold.state == .held
        guard region == hold.source || hasPassed else {
            throw DirectoryError(
                .conflict,
                "Not every node has acknowledged the hold of tenant \(hold.tenant): it stays in "
                    + "\(hold.source). Nothing was changed.")
        }
        var record = before
        record.placement = next
        record.updatedAt = now
        let number = takeNumber()
        try update(record, before: before, number: number)
        add("DELETE FROM holds WHERE tenant_id = ?", [SQLValue(hold.tenant)])
        add("DELETE FROM hold_acknowledgements WHERE tenant_id = ?", [SQLValue(hold.tenant)])
        if region != hold.source { try noteSwitch(hold.migration) }
        audit(number, hold.tenant, actor: actor, "released", "\(region), epoch \(next.epoch)")
        return .numbered(try record.opened(sealer), number)
    }

    /// - Throws: `.conflict` where the hold is over.
    private func current(_ hold: TenantHold) throws -> StoredHold {
        guard try record(hold.tenant) != nil else { throw Self.noTenant(hold.tenant) }
        guard let stored = try self.hold(of: hold.tenant), stored.hold == hold else {
            throw DirectoryError(
                .conflict, "The hold of tenant \(hold.tenant) at epoch \(hold.epoch) is over. Nothing was changed.")
        }
        return stored
    }

    private func write(_ hold: TenantHold, _ nodes: Set<NodeRecord.Identity>) {
        for node in nodes {
            let key: [SQLValue] = [SQLValue(hold.tenant), .text(node.id), .text(node.incarnation)]
            add("DELETE FROM hold_acknowledgements WHERE tenant_id = ? AND node_id = ? AND incarnation = ?", key)
            add(
                """
                INSERT INTO hold_acknowledgements (tenant_id, node_id, incarnation, change_id, epoch, at) \
                VALUES (?, ?, ?, ?, ?, ?)
                """, key + [.text(hold.change), .integer(hold.epoch), .integer(now)])
        }
    }

    private static func noTenant(_ id: TenantID) -> DirectoryError {
        DirectoryError(.unknownTenant, "There is no tenant \(id). `tenants list` shows those there are.")
    }
}
