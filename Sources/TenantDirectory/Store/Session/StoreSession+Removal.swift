/// Removing records, and remembering that they were there.
extension StoreSession {
    /// Removes a record and everything that waits for it, and leaves a tombstone with the epoch.
    /// - Parameter names: the names that lead to the tombstone, so that a tenant that comes back under one of them goes
    ///   on counting; empty where another tenant has taken them over.
    func remove(_ record: TenantRecord, leading names: [TenantAlias], number: Int) {
        removePendingInstall(of: record.id)
        add("DELETE FROM tenant_aliases WHERE tenant_id = ?", [SQLValue(record.id)])
        add("DELETE FROM tenants WHERE id = ?", [SQLValue(record.id)])
        add(
            "INSERT INTO tombstones (tenant_id, epoch, seq, removed_at) VALUES (?, ?, ?, ?)",
            [SQLValue(record.id), .integer(record.placement.epoch), .change(number), .integer(now)])
        for alias in names {
            add(
                "DELETE FROM tombstone_aliases WHERE framework = ? AND app = ? AND name = ?", values(alias))
            add(
                "INSERT INTO tombstone_aliases (framework, app, name, tenant_id) VALUES (?, ?, ?, ?)",
                values(alias) + [SQLValue(record.id)])
        }
    }

    /// The id and epoch of a tenant that is new: those of its tombstone, one epoch further, where there is one. The
    /// tombstone is gone then.
    func revive(_ aliases: [TenantAlias]) throws -> (id: TenantID, epoch: Int64) {
        for alias in aliases {
            let tombstone = try row(
                """
                SELECT t.tenant_id, t.epoch FROM tombstone_aliases a JOIN tombstones t ON t.tenant_id = a.tenant_id \
                WHERE a.framework = ? AND a.app = ? AND a.name = ?
                """, values(alias))
            guard let tombstone else { continue }
            let id = try tombstone.tenantID(0)
            try execute("DELETE FROM tombstones WHERE tenant_id = ?", [SQLValue(id)])
            try execute("DELETE FROM tombstone_aliases WHERE tenant_id = ?", [SQLValue(id)])
            return (id, try tombstone.number(1) + 1)
        }
        return (.random(), 1)
    }
}
