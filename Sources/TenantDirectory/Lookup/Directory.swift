package import Logging
import Synchronization

/// The directory as the gateway uses it: answers from memory, loads what is missing once, and tells everybody who holds
/// records what has changed.
///
/// A change that is made here is known here when the call returns; changes by other processes come with the feed
/// (``readFeed()``, which ``FeedReader`` calls).
package final class Directory: PlacementLookup {
    typealias Waiter = CheckedContinuation<Result<Tenant?, DirectoryError>?, Never>

    struct State {
        var cache: TenantCache<Waiter>
        var readers = ChangeReaders()
        /// The number up to which the feed has been read; `nil` before the first time.
        var position: Int64?
    }

    let store: any DirectoryStore
    let limits: DirectoryLimits
    let logger: Logger
    let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(
        store: any DirectoryStore, limits: DirectoryLimits = DirectoryLimits(), logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.store = store
        self.limits = limits
        self.logger = logger
        self.now = now
        state = Mutex(State(cache: TenantCache(limits: limits)))
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

    private func find(_ key: TenantKey, fresh: Bool) async throws(DirectoryError) -> Tenant? {
        while true {
            switch state.withLock({ $0.cache.ask(key, fresh: fresh, now: now()) }) {
            case .known(let tenant): return tenant
            case .unknown: return nil
            case .load: return try await load(key)
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

    private func load(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        let result: Result<Tenant?, DirectoryError>
        do throws(DirectoryError) {
            result = .success(try await store.tenant(key))
        } catch {
            result = .failure(error)
        }
        let (answer, waiters) = state.withLock { $0.cache.loaded(key, result, now: now()) }
        for waiter in waiters { waiter.resume(returning: answer) }
        return try answer.get()
    }

    /// Takes a change into memory first, then tells the readers, in one step: they hear of changes in this order.
    func apply(_ tenant: Tenant) {
        let effect = state.withLock { state in
            let effect = state.cache.change(tenant)
            if effect == .news { state.readers.tell(.changed(tenant)) }
            return effect
        }
        if effect == .fallingEpoch {
            logger.critical(
                "A change was not taken: its epoch is lower than that of the record in force.",
                metadata: ["tenant": "\(tenant.id)", "epoch": "\(tenant.placement.epoch)"])
        }
    }

    func applyRemoval(of id: TenantID) {
        state.withLock { state in
            state.cache.remove(id)
            state.readers.tell(.removed(id))
        }
    }
}
