import TenantDirectory

/// The tenants that one event loop has at hand, bounded. Pure: it does no I/O and knows no clock.
///
/// 1. Found by each alias and by the id.
/// 2. Past the bound the entry that has not been looked up for longest (by a clock hand, roughly) makes room; entries
///    with requests in flight, with requests that were cut, and held ones stay (``TenantEntry/isPinned``).
/// 3. A placement that a peer has told of counts, whatever record is installed, until a record has reached its epoch.
/// 4. While a load is under way, a change that arrives sets a floor, so that a record read before the change is not
///    installed after it, whether its entry is at hand or not (amendment H28).
final class TenantTable {
    /// The least that a record must be to be installed: by epoch, then by the number of its change (amendment H39).
    private struct Floor: Comparable {
        let epoch: Int64
        let sequence: Int64

        static let lowest = Floor(epoch: .min, sequence: .min)
        static let highest = Floor(epoch: .max, sequence: .max)

        init(epoch: Int64, sequence: Int64) {
            self.epoch = epoch
            self.sequence = sequence
        }

        init(_ tenant: Tenant) { self.init(epoch: tenant.placement.epoch, sequence: tenant.sequence) }

        static func < (left: Floor, right: Floor) -> Bool {
            (left.epoch, left.sequence) < (right.epoch, right.sequence)
        }
    }

    private var byConnectName: [NameBytes: TenantEntry] = [:]
    private var byForgeName: [String: TenantEntry] = [:]
    private var byID: [TenantID: TenantEntry] = [:]
    private var clock: [TenantID] = []
    private var hand = 0
    private var loadsUnderWay = 0
    private var floors: [TenantID: Floor] = [:]
    /// Everything was forgotten while loads were under way: none of them brings what is certain.
    private var isOutrun = false
    /// Placements that peers have told of, and that the directory's record has not reached yet: they outlive entries.
    private var stated: [TenantID: Placement] = [:]
    /// Past it the placements told before are forgotten: the peers tell them again.
    private static let maxStated = 4_096
    /// Past it entries make room; a lower one takes effect as entries come.
    var limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { byID.count }

    func entry(_ key: TenantKey) -> TenantEntry? {
        let found: TenantEntry?
        switch key {
        case .alias(let alias):
            found = alias.framework == .connect ? byConnectName[NameBytes(alias.name)] : byForgeName[alias.name]
        case .id(let id): found = byID[id]
        }
        guard let found, !found.isStale else { return nil }
        found.isReferenced = true
        return found
    }

    /// - Parameter connectName: a `clientKey`, in UTF-8.
    func entry(connectName: UnsafeRawBufferPointer) -> TenantEntry? {
        guard let found = byConnectName[NameBytes(borrowed: connectName)], !found.isStale else { return nil }
        found.isReferenced = true
        return found
    }

    /// The entry of a tenant, for one who only counts.
    func peek(_ id: TenantID) -> TenantEntry? { byID[id] }

    /// Whether app instances may be working on requests of any tenant.
    var hasWorkUnderWay: Bool {
        byID.values.contains { entry in
            entry.inFlight.hasCuts || entry.inFlight.all.contains { $0.kind == .exchange }
        }
    }

    // MARK: Loads

    func loadBegan() { loadsUnderWay += 1 }

    /// - Returns: the entry; `nil` when a change that came meanwhile makes the record old: load it again.
    func loadEnded(_ tenant: Tenant?) -> TenantEntry? {
        loadsUnderWay -= 1
        defer {
            if loadsUnderWay == 0 {
                floors.removeAll()
                isOutrun = false
            }
        }
        guard let tenant, !isOutrun else { return nil }
        if let floor = floors[tenant.id], Floor(tenant) < floor { return nil }
        return install(tenant)
    }

    /// Puts a record in the table, or brings the entry that is there up to it.
    @discardableResult
    func install(_ tenant: Tenant) -> TenantEntry {
        let told = stated[tenant.id]
        if let told, told.epoch <= tenant.placement.epoch { stated[tenant.id] = nil }
        defer { if let told { byID[tenant.id]?.learn(told) } }
        if let entry = byID[tenant.id] {
            let (before, wasStale) = (entry.tenant.aliases, entry.isStale)
            entry.update(tenant)
            if entry.tenant.aliases != before || wasStale {
                unlink(before, of: entry)
                link(entry)
            }
            entry.isReferenced = true
            return entry
        }
        if byID.count >= limit { evictOne() }
        // Of a bound that has been lowered, until it is kept: one more goes for each that comes.
        if byID.count >= limit { evictOne() }
        let entry = TenantEntry(tenant)
        byID[tenant.id] = entry
        clock.append(tenant.id)
        link(entry)
        return entry
    }

    // MARK: Changes

    /// A peer has told where a tenant lives.
    /// - Returns: whether that is news.
    func learn(_ placement: StatedPlacement) -> Bool {
        let known = max(
            byID[placement.tenant]?.tenant.placement.epoch ?? .min, stated[placement.tenant]?.epoch ?? .min)
        guard placement.placement.epoch > known else { return false }
        if stated.count >= Self.maxStated, stated[placement.tenant] == nil { stated.removeAll() }
        stated[placement.tenant] = placement.placement
        byID[placement.tenant]?.learn(placement.placement)
        return true
    }

    /// Takes a step of the feed. Only tenants that are at hand change, others are loaded when they are asked for; but a
    /// held one is made where it is missing, so that its gate is closed.
    /// - Returns: the entries whose gate may have to follow.
    @discardableResult
    func apply(_ change: TenantChange) -> [TenantEntry] {
        switch change {
        case .changed(let tenant):
            if loadsUnderWay > 0 { floors[tenant.id] = max(floors[tenant.id] ?? .lowest, Floor(tenant)) }
            guard let known = byID[tenant.id] else {
                return tenant.placement.state != .serving ? [install(tenant)] : []
            }
            let before = known.isHeld
            install(tenant)
            return known.isHeld || known.isMoving || before ? [known] : []
        case .removed(let id):
            stated[id] = nil
            if loadsUnderWay > 0 { floors[id] = .highest }
            guard let gone = byID[id] else { return [] }
            remove(id)
            gone.isGone = true
            return [gone]
        case .everything:
            isOutrun = loadsUnderWay > 0
            return dropAll()
        }
    }

    /// Nothing is known to be current. What is known here alone stays, and is loaded anew before it is used.
    private func dropAll() -> [TenantEntry] {
        byConnectName.removeAll()
        byForgeName.removeAll()
        byID = byID.filter { $0.value.isPinned }
        for entry in byID.values { entry.isStale = true }
        clock = Array(byID.keys)
        hand = 0
        return byID.values.filter { !$0.gate.isEmpty }
    }

    // MARK: Links and room

    private func link(_ entry: TenantEntry) {
        for alias in entry.tenant.aliases {
            switch alias.framework {
            case .connect: byConnectName[NameBytes(alias.name)] = entry
            case .forge: byForgeName[alias.name] = entry
            }
        }
    }

    private func unlink(_ aliases: [TenantAlias], of entry: TenantEntry) {
        for alias in aliases {
            switch alias.framework {
            case .connect:
                let name = NameBytes(alias.name)
                if byConnectName[name] === entry { byConnectName[name] = nil }
            case .forge: if byForgeName[alias.name] === entry { byForgeName[alias.name] = nil }
            }
        }
    }

    private func remove(_ id: TenantID) {
        guard let entry = byID.removeValue(forKey: id) else { return }
        unlink(entry.tenant.aliases, of: entry)
    }

    private func evictOne() {
        // Two rounds: the first may only take marks away. Ids of removed entries are dropped as the hand meets them.
        var steps = 2 * clock.count
        while steps > 0, !clock.isEmpty {
            steps -= 1
            if hand >= clock.count { hand = 0 }
            let id = clock[hand]
            guard let entry = byID[id] else {
                dropUnderHand()
                continue
            }
            if entry.isReferenced || entry.isPinned {
                entry.isReferenced = false
                hand += 1
                continue
            }
            remove(id)
            dropUnderHand()
            return
        }
    }

    private func dropUnderHand() {
        clock.swapAt(hand, clock.count - 1)
        clock.removeLast()
    }
}
