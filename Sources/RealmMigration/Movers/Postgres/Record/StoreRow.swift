/// A tenant's row in a store of the app's (`residency.tenant`): who may do what to the tenant's rows there, in any
/// order in which messages, crashes and late processes arrive (amendments H1, H14, H34–H36).
struct StoreRow: Sendable, Equatable {
    var state = StoreClaim.State.open
    var epoch: Int64 = 0
    /// The highest that was seen; grows across migrations.
    var generation: Int64 = 0
    var attempt: Int64 = 0
    /// Whose row it is; empty where no migration has anything to do with it any more.
    var migration = ""
    /// The directory of that migration.
    var directory = ""
    /// The region on the other side.
    var other = ""
    /// Of the seal. In a row that is `open`, what opened it.
    var token: String?
    /// Where the server's log stood when it was fenced, left or opened; `nil` before.
    var point: SlotPoint?

    /// What it says to whoever claims it.
    var claim: StoreClaim {
        StoreClaim(
            state: state, epoch: epoch, generation: generation, attempt: attempt, migration: migration, token: token)
    }
}
