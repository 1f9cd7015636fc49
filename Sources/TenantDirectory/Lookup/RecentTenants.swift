/// Records by name and id, at most a given number: where one more comes, the one that was asked for longest ago goes.
///
/// A list through an array keeps the order, so that 100,000 records cost little more than themselves.
struct RecentTenants {
    private struct Slot {
        var tenant: Tenant?
        var newer: Int32
        var older: Int32
    }

    private static let none: Int32 = -1

    let capacity: Int
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var byID: [TenantID: Int32] = [:]
    private var byAlias: [TenantAlias: Int32] = [:]
    private var newest = none
    private var oldest = none

    /// - Parameter capacity: at least 1.
    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { byID.count }

    /// The record, which is then the one asked for last.
    mutating func tenant(_ key: TenantKey) -> Tenant? {
        let found =
            switch key {
            case .id(let id): byID[id]
            case .alias(let alias): byAlias[alias]
            }
        guard let found else { return nil }
        unlink(found)
        linkAsNewest(found)
        return slots[Int(found)].tenant
    }

    /// The record, without a change of the order.
    func peek(_ id: TenantID) -> Tenant? { byID[id].flatMap { slots[Int($0)].tenant } }

    /// Puts a record in the place of what is there under its id and names.
    mutating func insert(_ tenant: Tenant) {
        // Another record that held one of the names has lost it.
        for alias in tenant.aliases {
            if let slot = byAlias[alias], let holder = slots[Int(slot)].tenant, holder.id != tenant.id {
                remove(holder.id)
            }
        }
        remove(tenant.id)
        if count >= capacity, let last = slots[Int(oldest)].tenant { remove(last.id) }
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].tenant = tenant
        } else {
            slot = Int32(slots.count)
            slots.append(Slot(tenant: tenant, newer: Self.none, older: Self.none))
        }
        byID[tenant.id] = slot
        for alias in tenant.aliases { byAlias[alias] = slot }
        linkAsNewest(slot)
    }

    mutating func remove(_ id: TenantID) {
        guard let slot = byID.removeValue(forKey: id), let tenant = slots[Int(slot)].tenant else { return }
        for alias in tenant.aliases where byAlias[alias] == slot { byAlias[alias] = nil }
        unlink(slot)
        slots[Int(slot)].tenant = nil
        free.append(slot)
    }

    mutating func removeAll() { self = RecentTenants(capacity: capacity) }

    private mutating func unlink(_ slot: Int32) {
        let (newer, older) = (slots[Int(slot)].newer, slots[Int(slot)].older)
        if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
        if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    }

    private mutating func linkAsNewest(_ slot: Int32) {
        slots[Int(slot)].newer = Self.none
        slots[Int(slot)].older = newest
        if newest == Self.none { oldest = slot } else { slots[Int(newest)].newer = slot }
        newest = slot
    }
}
