/// Decides what a question for a tenant is answered with: from memory, by one load of the directory, or not now.
///
/// 1. At most one load runs per key; who asks meanwhile waits for it.
/// 2. A key that the directory did not know is remembered for a second, and forgotten when it becomes known.
/// 3. A record is replaced by a newer one only, also when an older one arrives late from a load.
/// 4. Everything is bounded: records, remembered keys, loads, waiters.
///
/// It does nothing itself: ``Directory`` locks it, asks, unlocks and acts. `Waiter` is what a waiting caller is woken
/// by.
struct TenantCache<Waiter> {
    typealias Instant = ContinuousClock.Instant

    /// What the caller does next.
    enum Answer {
        case known(Tenant)
        case unknown
        /// Load the key from the directory, then report ``loaded(_:_:now:)``.
        case load
        /// Another caller loads it: ``join(_:waiter:)``.
        case wait
        /// A bound is reached.
        case busy
    }

    /// What a change was to the cache.
    enum Effect: Equatable {
        case news
        /// It is known already, or older than what is known.
        case old
        /// It is newer, but its epoch is lower: it was not taken.
        case fallingEpoch
    }

    private struct Load {
        var waiters: [Waiter] = []
        /// What it brings is not kept: too much has happened since it began.
        var isOutrun = false
    }

    private let limits: DirectoryLimits
    private var tenants: RecentTenants
    private var recentLoads: RecentLoads
    private var loads: [TenantKey: Load] = [:]
    private var waiterCount = 0
    /// What has changed since the oldest load under way began; `nil` where a record was removed.
    private var changedWhileLoading: [TenantID: Tenant?] = [:]

    init(limits: DirectoryLimits) {
        self.limits = limits
        tenants = RecentTenants(capacity: limits.cachedTenants)
        recentLoads = RecentLoads(capacity: limits.rememberedKeys, lifetime: limits.rememberedFor)
    }

    /// How many records it holds.
    var count: Int { tenants.count }
    /// How many keys it remembers having asked for.
    var rememberedKeyCount: Int { recentLoads.count }

    /// - Parameter fresh: the record as the directory has it now, unless it was loaded less than a second ago.
    mutating func ask(_ key: TenantKey, fresh: Bool, now: Instant) -> Answer {
        if recentLoads.isUnknown(key, now: now) { return .unknown }
        if let tenant = tenants.tenant(key), !fresh || recentLoads.isRecent(key, now: now) { return .known(tenant) }
        if loads[key] != nil { return waiterCount < limits.waiters ? .wait : .busy }
        guard loads.count < limits.parallelLoads else { return .busy }
        loads[key] = Load()
        return .load
    }

    /// Waits for the load of a key.
    /// - Returns: `false` where it has ended meanwhile: ask again.
    mutating func join(_ key: TenantKey, waiter: Waiter) -> Bool {
        guard loads[key] != nil else { return false }
        loads[key]?.waiters.append(waiter)
        waiterCount += 1
        return true
    }

    /// The load of a key has ended.
    /// - Parameter isDirectorys: whether the directory itself has said so, and not a copy: only then is it remembered
    ///   that the key was asked for, and that nobody is there.
    /// - Returns: what it is answered with, and who is to be woken with that.
    mutating func loaded(
        _ key: TenantKey, _ result: Result<Tenant?, DirectoryError>, isDirectorys: Bool = true, now: Instant
    ) -> (answer: Result<Tenant?, DirectoryError>, waiters: [Waiter]) {
        guard let load = loads.removeValue(forKey: key) else { return (result, []) }
        waiterCount -= load.waiters.count
        defer { if loads.isEmpty { changedWhileLoading = [:] } }
        guard case .success(let loaded) = result else { return (result, load.waiters) }
        guard !load.isOutrun else { return (result, load.waiters) }
        let current = current(key, loaded)
        if isDirectorys { recentLoads.note(key, isUnknown: current == nil, now: now) }
        if let current {
            insert(current)
        } else if let held = tenants.tenant(key) {
            tenants.remove(held.id)
        }
        return (.success(current), load.waiters)
    }

    /// A record has changed, here or elsewhere.
    /// - Parameter keeps: whether it is kept also where it was not held.
    mutating func change(_ tenant: Tenant, keeps: Bool = false) -> Effect {
        forget(tenant)
        noteWhileLoading(tenant.id, tenant)
        guard let held = tenants.peek(tenant.id) else {
            if keeps { tenants.insert(tenant) }
            return .news
        }
        guard tenant.sequence > held.sequence else { return .old }
        guard tenant.placement.epoch >= held.placement.epoch else { return .fallingEpoch }
        tenants.insert(tenant)
        return .news
    }

    /// A record is gone.
    mutating func remove(_ id: TenantID) {
        if let held = tenants.peek(id) { forget(held) }
        recentLoads.forget(.id(id))
        noteWhileLoading(id, nil)
        tenants.remove(id)
    }

    /// Changes were missed: nothing is known.
    mutating func removeAll() {
        tenants.removeAll()
        recentLoads.removeAll()
        outrunLoads()
    }

    /// What is true of a key, given what a load has brought and what has changed meanwhile.
    private func current(_ key: TenantKey, _ loaded: Tenant?) -> Tenant? {
        if let loaded {
            guard let changed = changedWhileLoading[loaded.id] else {
                return newer(loaded, tenants.peek(loaded.id))
            }
            return changed.map { newer(loaded, $0) }
        }
        return changedWhileLoading.values.lazy.compactMap { $0 }.first { tenant in
            switch key {
            case .id(let id): tenant.id == id
            case .alias(let alias): tenant.aliases.contains(alias)
            }
        }
    }

    private func newer(_ left: Tenant, _ right: Tenant?) -> Tenant {
        guard let right, right.sequence > left.sequence else { return left }
        return right
    }

    private mutating func insert(_ tenant: Tenant) {
        if let held = tenants.peek(tenant.id), held.sequence >= tenant.sequence { return }
        tenants.insert(tenant)
    }

    private mutating func forget(_ tenant: Tenant) {
        recentLoads.forget(.id(tenant.id))
        for alias in tenant.aliases { recentLoads.forget(.alias(alias)) }
    }

    private mutating func noteWhileLoading(_ id: TenantID, _ tenant: Tenant?) {
        guard !loads.isEmpty else { return }
        if let tenant, let noted = changedWhileLoading[id] ?? nil, noted.sequence >= tenant.sequence { return }
        changedWhileLoading.updateValue(tenant, forKey: id)
        if changedWhileLoading.count > limits.changesWhileLoading { outrunLoads() }
    }

    private mutating func outrunLoads() {
        for key in loads.keys { loads[key]?.isOutrun = true }
        changedWhileLoading = [:]
    }
}
