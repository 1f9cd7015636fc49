/// Writes a checked file into the directory, batch by batch. An interrupted import is finished by repeating it.
package struct TenantImporter<C: Clock> where C.Duration == Duration {
    private let store: any DirectoryStore
    private let batchSize: Int
    private let pause: Duration
    private let clock: C

    /// - Parameters:
    ///   - batchSize: tenants in one transaction.
    ///   - pause: between two batches, so that other writers have their turn.
    package init(
        _ store: any DirectoryStore, batchSize: Int = 1_000, pause: Duration = .milliseconds(5),
        clock: C = ContinuousClock()
    ) {
        self.store = store
        self.batchSize = max(1, batchSize)
        self.pause = pause
        self.clock = clock
    }

    /// - Parameter progress: told how many tenants are done after each batch.
    /// - Throws: ``DirectoryError``; batches before the failing one are in.
    package func run(_ tenants: [ImportedTenant], actor: String, progress: (Int) -> Void = { _ in })
        async throws(DirectoryError) -> ImportOutcome
    {
        var total = ImportOutcome()
        var done = 0
        while done < tenants.count {
            if done > 0 { try? await clock.sleep(for: pause) }
            if Task.isCancelled {
                throw DirectoryError(
                    .unavailable, "The import was stopped after \(done) tenants. Repeat it: it goes on where it was.")
            }
            let end = min(done + batchSize, tenants.count)
            let outcome = try await store.importTenants(Array(tenants[done..<end]), actor: actor)
            total.added += outcome.added
            total.completed += outcome.completed
            total.skipped += outcome.skipped
            total.differing += outcome.differing
            done = end
            progress(done)
        }
        return total
    }
}
