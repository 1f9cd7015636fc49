package import Logging
import Synchronization

/// The directory as the gateway uses it: answers from memory, loads what is missing once, and tells everybody who holds
/// records what has changed.
///
/// A change that is made here is known here when the call returns; changes by other processes come with the feed
/// (``readFeed()``, which ``FeedReader`` calls).
///
/// With a mirror, records that are missing in memory come from there, so that known tenants are served while the
/// directory is away: as long as the mirror may be served from (``DirectoryStanding``), then nobody is.
package final class Directory: PlacementLookup {
    typealias Waiter = CheckedContinuation<Result<Tenant?, DirectoryError>?, Never>

    struct State {
        var cache: TenantCache<Waiter>
        var readers = ChangeReaders()
        /// Up to where the feed has been read; `nil` before the first time.
        var position: FeedPosition?
        var standing: DirectoryStanding
        /// Changes made here, and those of them that the mirror is known to hold.
        var ownChanges = 0
        var mirroredChanges = 0
        /// What was last told of a record that does not open.
        var toldUnopened = ""
        /// Who holds records has heard that they are too old.
        var isToldTooOld = false
    }

    let store: any DirectoryStore
    let mirror: LocalMirror?
    let limits: DirectoryLimits
    let logger: Logger
    let state: Mutex<State>
    let now: @Sendable () -> ContinuousClock.Instant
    /// Asked in turn while the directory is away.
    let otherSources: Mutex<@Sendable () -> [any FeedSource]> = Mutex({ [] })
    /// The feed is read by one at a time.
    let feedTurn = Turn()

    /// - Parameters:
    ///   - mirror: the node's copy; without one the store is asked for each record that is not in memory.
    ///   - maxAge: how long the mirror is served from after the directory has last confirmed it.
    package init(
        store: any DirectoryStore, mirror: LocalMirror? = nil, maxAge: Duration = .seconds(86_400),
        limits: DirectoryLimits = DirectoryLimits(), logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.store = store
        self.mirror = mirror
        self.limits = limits
        self.logger = logger
        self.now = now
        let standing = DirectoryStanding(maxAge: mirror == nil ? nil : maxAge)
        state = Mutex(
            State(cache: TenantCache(limits: limits), position: mirror?.state.position, standing: standing))
    }

    package func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        try await find(key, fresh: false)
    }

    package func freshTenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        try await find(key, fresh: true)
    }

    package func changes() -> AsyncStream<TenantChange> {
        // The newest are kept, so that `.everything`, which is put in last, always arrives.
        let (stream, continuation) = AsyncStream.makeStream(
            of: TenantChange.self, bufferingPolicy: .bufferingNewest(limits.changesPerReader))
        let id = state.withLock { $0.readers.add(continuation) }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.readers.remove(id) } }
        return stream
    }

    /// How many records are held in memory.
    package var cachedCount: Int { state.withLock { $0.cache.count } }

    /// The number up to which the change feed has been applied.
    package var appliedSequence: Int64 { state.withLock { $0.position?.sequence ?? 0 } }

    private func find(_ key: TenantKey, fresh: Bool) async throws(DirectoryError) -> Tenant? {
        while true {
            let (refusal, answer) = state.withLock { state in
                let now = now()
                let refusal = state.standing.refusal(now: now)
                return (refusal, refusal == nil ? state.cache.ask(key, fresh: fresh, now: now) : .busy)
            }
            if let refusal { throw DirectoryError(.unavailable, refusal) }
            switch answer {
            case .known(let tenant): return tenant
            case .unknown: return nil
            case .load: return try await load(key, fresh: fresh)
            case .wait:
                let result = await withCheckedContinuation { (waiter: Waiter) in
                    let isWaiting = state.withLock { $0.cache.join(key, waiter: waiter) }
                    if !isWaiting { waiter.resume(returning: nil) }
                }
                if let result { return try result.get() }
            case .busy:
                throw DirectoryError(
                    .busy, "Too many tenants are being looked up at once. Try again in a moment.")
            }
        }
    }

    private func load(_ key: TenantKey, fresh: Bool) async throws(DirectoryError) -> Tenant? {
        var isDirectorys = true
        let result: Result<Tenant?, DirectoryError>
        do throws(DirectoryError) {
            if let held = try await mirrored(key, fresh: fresh) {
                result = .success(held)
                isDirectorys = false
            } else {
                result = .success(try await store.tenant(key))
            }
        } catch {
            result = .failure(error)
        }
        let (answer, waiters) = state.withLock {
            $0.cache.loaded(key, result, isDirectorys: isDirectorys, now: now())
        }
        for waiter in waiters { waiter.resume(returning: answer) }
        return try answer.get()
    }

    /// The record as the mirror has it; `nil` where the directory has to be asked.
    private func mirrored(_ key: TenantKey, fresh: Bool) async throws(DirectoryError) -> Tenant? {
        guard let mirror, !fresh else { return nil }
        guard state.withLock({ $0.ownChanges > $0.mirroredChanges }) else {
            do throws(DirectoryError) {
                return try await mirror.tenant(key)
            } catch {
                logger.error("A record of the mirror cannot be read.", metadata: ["error": "\(error)"])
                return nil
            }
        }
        // What was changed here a moment ago may not be in the mirror yet.
        do throws(DirectoryError) {
            return try await store.tenant(key)
        } catch {
            guard let held = try await mirror.tenant(key) else { throw error }
            return held
        }
    }

    /// Takes a change that was made here into memory first, then tells the readers, in one step: they hear of changes
    /// in this order.
    func apply(_ tenant: Tenant) {
        state.withLock { $0.ownChanges += 1 }
        take(tenant, keeps: mirror != nil)
    }

    /// A record that was removed here.
    func applyRemoval(of id: TenantID) {
        state.withLock { $0.ownChanges += 1 }
        takeRemoval(of: id)
    }

    /// Takes a change of the feed.
    func take(_ tenant: Tenant, keeps: Bool = false) {
        let effect = state.withLock { state in
            let effect = state.cache.change(tenant, keeps: keeps)
            if effect == .news { state.readers.tell(.changed(tenant)) }
            return effect
        }
        if effect == .fallingEpoch {
            logger.critical(
                "A change was not taken: its epoch is lower than that of the record in force.",
                metadata: ["tenant": "\(tenant.id)", "epoch": "\(tenant.placement.epoch)"])
        }
    }

    func takeRemoval(of id: TenantID) {
        state.withLock { state in
            state.cache.remove(id)
            state.readers.tell(.removed(id))
        }
    }

    /// Nothing that is held is known to be right.
    func forgetAll() {
        state.withLock { state in
            state.cache.removeAll()
            state.readers.tell(.everything)
        }
    }
}
