import Synchronization

/// Whether the node may answer from what it holds.
extension Directory {
    /// Why no tenant is served; `nil` while they are.
    package var refusal: String? { state.withLock { $0.standing.refusal(now: now()) } }

    /// How long ago the directory has last confirmed the records and the node's row; `nil` for never.
    package var contactAge: Duration? {
        state.withLock { state in state.standing.confirmed.map { now() - $0 } }
    }

    /// Serves from the mirror, as it was when the directory last confirmed it.
    /// - Returns: why that may not be; `nil` where it is so from now on.
    func beginFromMirror() -> String? {
        guard let mirror, let maxAge = state.withLock({ $0.standing.maxAge }) else { return "there is none" }
        if let refusal = mirror.refusal(maxAge: maxAge) { return refusal }
        state.withLock { $0.standing.begin(confirmed: now() - mirror.confirmedAge) }
        return nil
    }

    /// The node's row was there, at a moment not before this.
    func sawRow(_ instant: ContinuousClock.Instant) { state.withLock { $0.standing.sawRow(instant) } }

    /// The node's row is gone: nobody waits for this node any more, so it must not serve.
    func suspend(_ reason: String) {
        state.withLock { state in
            state.standing.suspend(reason)
            state.cache.removeAll()
            state.readers.tell(.everything)
        }
    }

    func resume() { state.withLock { $0.standing.resume() } }

    /// Ids of disputed tenants, at most `limit`; see ``Tenant/disputedEpoch``.
    package func disputed(limit: Int) async throws(DirectoryError) -> [TenantID] {
        guard let mirror else { return try await store.disputed(limit: limit) }
        return try await mirror.disputed(limit: limit).map(\.id)
    }
}
