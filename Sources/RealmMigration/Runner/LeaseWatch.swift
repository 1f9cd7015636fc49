import TenantDirectory

/// Which leases are over, as this node sees it: a lease is over when no sign of life has been seen for so long by its
/// own clock (amendment H26), or at once where its holder is gone from the directory's nodes: it has stopped, or a
/// process that holds its mirror has taken its place. Pure.
struct LeaseWatch {
    private struct Seen {
        var lease: MigrationLease
        var since: ContinuousClock.Instant
    }

    private let timeout: Duration
    private var seen: [String: Seen] = [:]

    init(timeout: Duration) { self.timeout = timeout }

    /// - Parameter alive: the nodes that the directory has now.
    mutating func free(
        _ records: [MigrationRecord], alive: Set<NodeRecord.Identity>, now: ContinuousClock.Instant
    ) -> [MigrationRecord] {
        let ids = Set(records.map(\.id))
        seen = seen.filter { ids.contains($0.key) }
        return records.filter { record in
            guard let holder = record.lease.holder, alive.contains(holder) else { return true }
            if let last = seen[record.id], last.lease == record.lease { return now - last.since >= timeout }
            seen[record.id] = Seen(lease: record.lease, since: now)
            return false
        }
    }
}
