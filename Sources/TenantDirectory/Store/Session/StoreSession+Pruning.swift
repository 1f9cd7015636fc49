/// Letting go of what has been kept long enough.
extension StoreSession {
    /// How long tombstones and the ids of changes are kept: a node that was away for longer reads everything anew.
    private static let feedDays: Int64 = 30
    /// How long the audit is kept.
    private static let auditDays: Int64 = 400
    /// Rows looked at in one transaction.
    private static let rowsAtOnce: Int64 = 10_000

    /// Lets go of the oldest rows that are past their time, a bounded number at once. Takes no number.
    /// - Returns: whether there may be more.
    func prune() throws -> Change<Bool> {
        let feed = try oldest("feed_history", before: now - Self.feedDays * 86_400_000)
        if let feed {
            // Who stands at one of these numbers or before does not find its id again, and so misses no tombstone.
            add(
                """
                DELETE FROM tombstone_aliases WHERE tenant_id IN (SELECT tenant_id FROM tombstones WHERE seq <= ?)
                """, [.integer(feed)])
            add("DELETE FROM tombstones WHERE seq <= ?", [.integer(feed)])
            add("DELETE FROM feed_history WHERE seq <= ?", [.integer(feed)])
        }
        let audit = try oldest("audit", before: now - Self.auditDays * 86_400_000)
        if let audit { add("DELETE FROM audit WHERE seq <= ?", [.integer(audit)]) }
        pruneMigrations()
        return .none(feed != nil || audit != nil)
    }

    /// Plans soon, moves with the audit. The newest of a tenant stays: the next one counts on from its generation.
    private func pruneMigrations() {
        for (kinds, days) in [("kind = 'plan'", Self.feedDays), ("kind <> 'plan'", Self.auditDays)] {
            add(
                """
                DELETE FROM migrations WHERE is_over = 1 AND \(kinds) AND updated_at < ? AND generation < \
                (SELECT MAX(m.generation) FROM migrations m WHERE m.tenant_id = migrations.tenant_id)
                """, [.integer(now - days * 86_400_000)])
        }
    }

    /// The last of the oldest numbers of a table that are from before a time. The last row of all stays: it says where
    /// the feed ends.
    private func oldest(_ table: String, before time: Int64) throws -> Int64? {
        try row(
            """
            SELECT MAX(o.seq) FROM (SELECT seq, at FROM \(table) ORDER BY seq LIMIT ?) AS o \
            WHERE o.at < ? AND o.seq < (SELECT MAX(seq) FROM \(table))
            """, [.integer(Self.rowsAtOnce), .integer(time)])?.optionalNumber(0)
    }
}
