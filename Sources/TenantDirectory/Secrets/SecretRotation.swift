/// Seals all secrets of a directory with the current key, batch by batch, beside the nodes that serve. One that was
/// interrupted is finished by repeating it: what is sealed with the current key already is passed over.
package struct SecretRotation<C: Clock> where C.Duration == Duration {
    /// What came of it.
    package struct Outcome: Sendable {
        package var resealed = 0
        /// Records whose secrets did not open: left as they were.
        package var failed: [TenantID] = []
        /// Keys that seal nothing any more: no node needs them.
        package var retired: [String] = []
        /// What is sealed with each key now.
        package var keys: [SealingKeyUse] = []
    }

    private let store: any DirectoryDatabase
    private let batchSize: Int
    private let pause: Duration
    private let clock: C

    /// - Parameters:
    ///   - batchSize: records in one transaction.
    ///   - pause: between two batches, so that other writers have their turn.
    package init(
        _ store: any DirectoryDatabase, batchSize: Int = 500, pause: Duration = .milliseconds(5),
        clock: C = ContinuousClock()
    ) {
        self.store = store
        self.batchSize = max(1, batchSize)
        self.pause = pause
        self.clock = clock
    }

    /// - Parameter progress: told how many records have been looked at after each batch.
    /// - Throws: ``DirectoryError``; batches before the failing one are done.
    package func run(actor: String, progress: (Int) -> Void = { _ in }) async throws(DirectoryError) -> Outcome {
        var outcome = Outcome()
        for part in ResealedBatch.Part.allCases {
            var after: TenantID?
            repeat {
                let batch = try await store.reseal(part, after: after, limit: batchSize, actor: actor)
                outcome.resealed += batch.resealed
                outcome.failed += batch.failed
                after = batch.last
                progress(outcome.resealed + outcome.failed.count)
                guard after != nil else { break }
                try? await clock.sleep(for: pause)
                if Task.isCancelled {
                    throw DirectoryError(
                        .unavailable,
                        "The rotation was stopped after \(outcome.resealed) records. Repeat it: it goes "
                            + "on where it was.")
                }
            } while true
        }
        outcome.retired = try await store.retireKeys()
        outcome.keys = try await store.sealingKeys()
        return outcome
    }
}
