/// Records by name and id, at most a given number: where one more comes, the one that was asked for longest ago goes.
///
/// A list through an array keeps the order and ``SlotIndex`` finds what is in it, so that 100,000 records cost little
/// more than themselves.
struct RecentTenants {
    private struct Slot {
        var tenant: Tenant?
        var newer: Int32
        var older: Int32
    }

    private static let none: Int32 = -1
    /// Names of a tenant that are found here; one has two at most, unless a directory joins several apps.
    private static let namesPerTenant = 4

    let capacity: Int
    private var slots: [Slot] = []
    private var free: [Int32] = []
    /// Of slots.
    private var byID = SlotIndex()
    /// Of slots and places of a name: `slot * namesPerTenant + place`.
    private var byName = SlotIndex()
    private var newest = none
    private var oldest = none

    /// - Parameter capacity: at least 1.
    init(capacity: Int) { self.capacity = min(max(1, capacity), Int(Int32.max) / Self.namesPerTenant) }

    var count: Int { byID.count }

    /// The record, which is then the one asked for last.
    mutating func tenant(_ key: TenantKey) -> Tenant? {
        let found =
            switch key {
            case .id(let id): slot(id)
            case .alias(let alias): slot(alias)
            }
        guard let found else { return nil }
        unlink(found)
        linkAsNewest(found)
        return slots[Int(found)].tenant
    }

    /// The record, without a change of the order.
    func peek(_ id: TenantID) -> Tenant? { slot(id).flatMap { slots[Int($0)].tenant } }

    /// Puts a record in the place of what is there under its id and names.
    mutating func insert(_ tenant: Tenant) {
        // Another record that held one of the names has lost it.
        for alias in tenant.aliases {
            if let slot = slot(alias), let holder = slots[Int(slot)].tenant, holder.id != tenant.id {
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
        byID.insert(slot, hash: tenant.id.hashValue) { [slots] in Self.idHash($0, slots) }
        for (place, alias) in tenant.aliases.prefix(Self.namesPerTenant).enumerated() {
            let entry = slot * Int32(Self.namesPerTenant) + Int32(place)
            byName.insert(entry, hash: alias.hashValue) { [slots] in Self.nameHash($0, slots) }
        }
        linkAsNewest(slot)
    }

    mutating func remove(_ id: TenantID) {
        guard let slot = slot(id), let tenant = slots[Int(slot)].tenant else { return }
        byID.remove(slot, hash: id.hashValue) { [slots] in Self.idHash($0, slots) }
        for (place, alias) in tenant.aliases.prefix(Self.namesPerTenant).enumerated() {
            let entry = slot * Int32(Self.namesPerTenant) + Int32(place)
            byName.remove(entry, hash: alias.hashValue) { [slots] in Self.nameHash($0, slots) }
        }
        unlink(slot)
        slots[Int(slot)].tenant = nil
        free.append(slot)
    }

    mutating func removeAll() { self = RecentTenants(capacity: capacity) }

    private func slot(_ id: TenantID) -> Int32? {
        byID.slot(hash: id.hashValue) { slots[Int($0)].tenant?.id == id }
    }

    private func slot(_ alias: TenantAlias) -> Int32? {
        byName.slot(hash: alias.hashValue) { Self.name($0, slots) == alias }.map { $0 / Int32(Self.namesPerTenant) }
    }

    private static func name(_ entry: Int32, _ slots: [Slot]) -> TenantAlias? {
        let (slot, place) = Int(entry).quotientAndRemainder(dividingBy: namesPerTenant)
        guard let names = slots[slot].tenant?.aliases, place < names.count else { return nil }
        return names[place]
    }

    private static func nameHash(_ entry: Int32, _ slots: [Slot]) -> Int { name(entry, slots)?.hashValue ?? 0 }

    private static func idHash(_ slot: Int32, _ slots: [Slot]) -> Int { slots[Int(slot)].tenant?.id.hashValue ?? 0 }

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
