/// Reading the change feed, page by page.
extension StoreSession {
    /// What follows a position, or the whole directory from its start.
    ///
    /// A page ends at the last record it has, or where the history it has ends, or at the last change of all.
    func feed(after position: FeedPosition?, limit: Int) throws -> FeedAnswer {
        let limit = max(1, limit)
        let start = position ?? FeedPosition(sequence: 0, id: "")
        // Numbers that an older program has taken have no id, for us as for who asks.
        if let position, (try idCovering(position.sequence) ?? "") != position.id { return .cut }
        let last = try lastSequence()
        let history = try rows(
            "SELECT seq, change_id FROM feed_history WHERE seq > ? ORDER BY seq LIMIT ?",
            [.integer(start.sequence), .integer(Int64(limit))]
        ).map { FeedPosition(sequence: try $0.number(0), id: try $0.text(1)) }
        var end = history.count == limit ? history.last?.sequence ?? last : last
        let found = try changes(after: start.sequence, upTo: end, limit: limit)
        if found.count == limit, let reached = found.last?.sequence { end = reached }
        let id = try idCovering(end) ?? ""
        return .page(
            FeedPage(
                changes: found, history: history.filter { $0.sequence <= end },
                position: FeedPosition(sequence: end, id: id), isLast: end >= last, contactAge: .zero))
    }

    /// Where the feed ends now.
    func feedEnd() throws -> FeedPosition {
        let last = try lastSequence()
        return FeedPosition(sequence: last, id: try idCovering(last) ?? "")
    }

    /// The id of the transaction that took a number; `nil` for numbers that nobody has taken yet.
    private func idCovering(_ sequence: Int64) throws -> String? {
        try row("SELECT change_id FROM feed_history WHERE seq >= ? ORDER BY seq LIMIT 1", [.integer(sequence)])?
            .text(0)
    }

    private func changes(after sequence: Int64, upTo end: Int64, limit: Int) throws -> [FeedChange] {
        let values: [SQLValue] = [.integer(sequence), .integer(end), .integer(Int64(limit))]
        let rows = try rows(
            "SELECT \(Self.columns) FROM tenants t WHERE t.seq > ? AND t.seq <= ? ORDER BY t.seq LIMIT ?", values)
        let changed = try records(rows).map { FeedChange.changed($0) }
        let removed = try self.rows(
            "SELECT tenant_id, epoch, seq FROM tombstones WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", values
        ).map { row in
            FeedChange.removed(try row.tenantID(0), epoch: try row.number(1), sequence: try row.number(2))
        }
        guard !removed.isEmpty else { return changed }
        return Array((changed + removed).sorted { $0.sequence < $1.sequence }.prefix(limit))
    }
}
