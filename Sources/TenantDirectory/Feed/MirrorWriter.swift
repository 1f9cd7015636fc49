import GRDB

/// Writes a page of the feed into a mirror, in one transaction, and finds out what the directory has lost.
struct MirrorWriter {
    struct Outcome: Sendable {
        /// The page's records as they are held now.
        var changes: [FeedChange]
        /// Tenants of which the mirror knew more than the directory says (amendment H6).
        var disputed: [Dispute]
        /// Records that the directory did not have any more when everything was read anew.
        var missing: Int
    }

    struct Dispute: Sendable, Equatable {
        let id: TenantID
        let knownEpoch: Int64
    }

    let database: Database
    let session: StoreSession

    private static let insertion = """
        INSERT OR REPLACE INTO tenants (\(StoreSession.writtenColumns.joined(separator: ", ")), generation) \
        VALUES (\(StoreSession.marks(StoreSession.writtenColumns.count + 1)))
        """

    func take(_ page: FeedPage, isFirstOfAll: Bool, into state: inout MirrorState) throws -> Outcome {
        var outcome = Outcome(changes: page.changes, disputed: [], missing: 0)
        if isFirstOfAll {
            state.generation += 1
            state.isScanning = true
            // Numbers of another history mean nothing here.
            try session.execute("DELETE FROM feed_history")
            try session.execute("DELETE FROM tombstones")
        }
        // Nothing is known before the first reading of everything.
        let held = state.isComplete ? try session.records(page.changes.map(\.id)) : [:]
        for (index, change) in page.changes.enumerated() {
            switch change {
            case .changed(var record):
                if let known = held[record.id], let dispute = Self.dispute(known, record) {
                    record.disputedEpoch = dispute
                    outcome.changes[index] = .changed(record)
                    outcome.disputed.append(Dispute(id: record.id, knownEpoch: dispute))
                }
                try write(record, generation: state.generation)
            case .removed(let id, let epoch, let sequence):
                try remove(id)
                try session.execute(
                    "INSERT OR REPLACE INTO tombstones (tenant_id, epoch, seq, removed_at) VALUES (?, ?, ?, ?)",
                    [SQLValue(id), .integer(epoch), .integer(sequence), .integer(session.now)])
            }
        }
        for step in page.history + [page.position] {
            try session.execute(
                "INSERT OR REPLACE INTO feed_history (seq, change_id, at) VALUES (?, ?, ?)",
                [.integer(step.sequence), .text(step.id), .integer(session.now)])
        }
        try session.execute("UPDATE feed_counter SET seq = ?", [.integer(page.position.sequence)])
        state.position = page.position
        if page.isLast, state.isScanning {
            outcome.missing = try sweep(state.generation)
            state.isScanning = false
            state.isComplete = true
        }
        return outcome
    }

    /// The epoch that was known, where the directory's record does not go on from what is held; `nil` where it does.
    static func dispute(_ held: TenantRecord, _ record: TenantRecord) -> Int64? {
        let known = max(held.placement.epoch, held.disputedEpoch ?? 0)
        guard record.placement.epoch <= known, known > record.disputedEpoch ?? 0 else { return nil }
        if held.disputedEpoch != nil || record.placement.epoch < known { return known }
        return record.placement == held.placement ? nil : known
    }

    private func write(_ record: TenantRecord, generation: Int64) throws {
        try session.execute("DELETE FROM tenant_aliases WHERE tenant_id = ?", [SQLValue(record.id)])
        try session.execute(
            Self.insertion,
            session.values(record, sequence: .integer(record.sequence)) + [.integer(generation)])
        for alias in record.aliases {
            try session.execute(
                "INSERT OR REPLACE INTO tenant_aliases (framework, app, name, tenant_id) VALUES (?, ?, ?, ?)",
                session.values(alias) + [SQLValue(record.id)])
        }
    }

    private func remove(_ id: TenantID) throws {
        try session.execute("DELETE FROM tenant_aliases WHERE tenant_id = ?", [SQLValue(id)])
        try session.execute("DELETE FROM tenants WHERE id = ?", [SQLValue(id)])
    }

    /// What was not seen while everything was read anew is not in the directory.
    private func sweep(_ generation: Int64) throws -> Int {
        let values = [SQLValue.integer(generation)]
        try session.execute(
            "DELETE FROM tenant_aliases WHERE tenant_id IN (SELECT id FROM tenants WHERE generation <> ?)", values)
        try session.execute("DELETE FROM tenants WHERE generation <> ?", values)
        return database.changesCount
    }
}
