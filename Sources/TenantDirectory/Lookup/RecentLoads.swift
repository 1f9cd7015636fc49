/// Which keys the directory was asked for a moment ago, and which of them it did not know. Bounded: where one more
/// comes, the oldest goes.
struct RecentLoads {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        let at: Instant
        let isUnknown: Bool
    }

    private let capacity: Int
    private let lifetime: Duration
    private var entries: [TenantKey: Entry] = [:]
    private var order: [(key: TenantKey, at: Instant)] = []
    private var head = 0

    init(capacity: Int, lifetime: Duration) {
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
    }

    var count: Int { entries.count }

    /// Whether the key was loaded less than a lifetime ago.
    func isRecent(_ key: TenantKey, now: Instant) -> Bool {
        guard let entry = entries[key] else { return false }
        return now - entry.at < lifetime
    }

    /// Whether the directory said less than a lifetime ago that it does not know the key.
    func isUnknown(_ key: TenantKey, now: Instant) -> Bool {
        guard let entry = entries[key], entry.isUnknown else { return false }
        return now - entry.at < lifetime
    }

    mutating func note(_ key: TenantKey, isUnknown: Bool, now: Instant) {
        entries[key] = Entry(at: now, isUnknown: isUnknown)
        order.append((key, now))
        while head < order.count, entries.count > capacity || now - order[head].at >= lifetime {
            let (key, at) = order[head]
            // A key that was noted again has a later place in the order.
            if entries[key]?.at == at { entries[key] = nil }
            head += 1
        }
        if head > capacity {
            order.removeFirst(head)
            head = 0
        }
    }

    mutating func forget(_ key: TenantKey) { entries[key] = nil }

    mutating func removeAll() { self = RecentLoads(capacity: capacity, lifetime: lifetime) }
}
