/// The side of an app's store that a tenant leaves. In the order in which a migration calls it; every call can be
/// repeated, and all throw ``MigrationError``.
///
/// An implementation belongs to one store and one region and serves many migrations at a time.
package protocol SourceStore: Sendable {
    /// Looks, and changes nothing.
    func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey

    /// What the store says of itself and of the tenant's row now; `nil` where it cannot without being claimed.
    func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding?

    /// What must not change while data moves, in no time that depends on the tenant's size; `nil` where that is to be
    /// had by a survey alone.
    func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState?

    /// Writes a nonce into the store, or looks what is there; `nil` where the store keeps none.
    func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe?

    /// Writes the ticket's authority into the tenant's row: from then on older generations and attempts are refused.
    /// - Returns: what the row said before, for whoever takes over. Where its generation or attempt is above the
    ///   ticket's, or its generation is another migration's and not below, nothing was written: claim again with one
    ///   above (H35).
    /// - Throws: `.overtaken` where the row is another migration's that is not over, or another directory's.
    func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim

    /// Makes what the move needs: the fence's triggers and, for a live move, publication, slot and snapshot.
    func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError)

    /// The streams to copy, in an order that references allow; they may be copied side by side but for what a lane
    /// ``CopyLane/follows``.
    func lanes(_ ticket: MoveTicket) async throws(MigrationError) -> [CopyLane]

    /// The next part of a table's copy, after the cursor; the last one is repeated when asked for again.
    func copyBatch(_ ticket: MoveTicket, lane: String, after cursor: String) async throws(MigrationError) -> StoreBatch

    /// Digests of the tables as they were copied, to be compared with the target before any change is applied there.
    /// Lanes of the pause are not among them.
    func copyDigests(_ ticket: MoveTicket, key: [UInt8]) async throws(MigrationError) -> [StoreDigest]

    /// The next changes after the cursor; waits for some, for so long. `nil` where there are none.
    /// - Parameter marker: what ``mark(_:)`` returned: the batch that reaches it says `isLast`.
    func changes(_ ticket: MoveTicket, after cursor: String, marker: String?, wait: Duration)
        async throws(MigrationError) -> StoreBatch?

    /// Whether the rest would fit into a pause: how far behind, and what long transactions stand in the way.
    func lag(_ ticket: MoveTicket) async throws(MigrationError) -> StoreLag

    /// The target has made everything up to this cursor durable.
    func confirm(_ ticket: MoveTicket, cursor: String) async throws(MigrationError)

    /// What has changed since the last round of verification, as far as it has been sent. A table of which too much has
    /// changed, or which has no key, is named whole.
    func changedKeys(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreDigest.Request]

    func digests(_ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8])
        async throws(MigrationError) -> [StoreDigest]

    /// The hash of every row of a table's part, by key, to name what differs.
    func rowHashes(_ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8])
        async throws(MigrationError) -> [String: String]

    /// The same of the rows as they were copied, to name what ``copyDigests(_:key:)`` has found different.
    func copyRowHashes(_ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8])
        async throws(MigrationError) -> [String: String]

    /// Equal to what it was: since then nobody can have changed the tenant's rows unseen, past what refuses changes or
    /// tells of them. Where it differs every row is compared before a switch. Quick, whatever the rows are.
    func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String

    // MARK: The pause

    /// Refuses the tenant's writes from now on; waits, bounded, for every open transaction that has written (H18).
    /// - Parameter onlyWhereUp: what was copied is whole only if no write has passed since the fence was raised for
    ///   this attempt (H16): the fence is up, and is lifted to this epoch. Where it is not, `.mustRestart`.
    func raiseFence(_ ticket: MoveTicket, epoch: Int64, onlyWhereUp: Bool, within budget: Duration)
        async throws(MigrationError)

    /// Writes a marker into the log of changes, after the fence (H7). For a store that is copied while the fence is up
    /// it marks nothing.
    func mark(_ ticket: MoveTicket) async throws(MigrationError) -> String

    /// The decision, one statement in the tenant's row (H14): `fenced(epoch)` becomes `moved(epoch)` with the seal's
    /// token, or `open(epoch)`. Whoever comes second is told what it is.
    func decide(_ ticket: MoveTicket, epoch: Int64, _ wanted: StoreDecision) async throws(MigrationError)
        -> StoreDecision

    /// Has the row say again what was decided, where the store has forgotten it: `moved(epoch)` with the token that the
    /// target was opened by, and the fence up (H32). Only after the target's row was read.
    func reassert(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError)

    // MARK: Afterwards

    /// The tenant has left: what a live move needed goes (slot, publication), so that it holds nothing back; the fence
    /// stays until the purge.
    func finish(_ ticket: MoveTicket) async throws(MigrationError)

    /// Takes the rows that make the app act for the tenant out of its tables, and keeps them aside until the purge: no
    /// request of before the switch needs them any more (H11, H41).
    func retire(_ ticket: MoveTicket) async throws(MigrationError)

    /// Deletes up to so many rows of a tenant that has left (`moved`, then `purging`: H36).
    /// - Returns: how many are left; at zero, everything of ours is gone but the tenant's row.
    func purge(_ ticket: MoveTicket, limit: Int64) async throws(MigrationError) -> Int64

    /// Takes away all that ``prepare(_:mode:)`` made, and opens the tenant's row where nothing was decided.
    func cleanUp(_ ticket: MoveTicket) async throws(MigrationError)
}

extension SourceStore {
    /// Raises a fence that need not have been up.
    package func raiseFence(
        _ ticket: MoveTicket, epoch: Int64, within budget: Duration
    ) async throws(MigrationError) {
        try await raiseFence(ticket, epoch: epoch, onlyWhereUp: false, within: budget)
    }

    /// A store whose rows stand still while they are copied, or that cannot tell.
    package func copyRowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await rowHashes(ticket, of: request, part: part, key: key)
    }

    /// A store that the app itself keeps shut.
    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String { "" }

    /// A store that makes nothing for a move but its fence has nothing to take away.
    package func finish(_ ticket: MoveTicket) async throws(MigrationError) {}

    package func retire(_ ticket: MoveTicket) async throws(MigrationError) {}

    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? { nil }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? { nil }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        nil
    }

    package func reassert(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {}
}
