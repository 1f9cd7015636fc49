/// What is asked of a tenant's row.
enum StoreAct: Sendable, Equatable {
    case claim
    /// Triggers, publication and slot are made at the source.
    case prepare
    /// The target lets nobody but this migration write.
    case arrive
    /// A batch, a cursor: data of this migration is written into the target.
    case write
    case fence(epoch: Int64)
    /// The fence that is up takes a higher epoch, and has let nothing pass since it was raised.
    case lift(epoch: Int64)
    case decide(epoch: Int64, StoreDecision)
    case seal(epoch: Int64, token: String)
    case open(epoch: Int64, token: String)
    case unseal
    /// The source has forgotten that the tenant left.
    case reassert(epoch: Int64, token: String)
    /// Rows that make the app act for the tenant are put aside at the source.
    case retire
    /// Rows are deleted at the source.
    case purge
    /// All are.
    case purged
    /// The source is left as it was.
    case giveUp
    /// Rows are deleted at the target, of a move that did not come to its end.
    case empty
    /// All are.
    case emptied
    /// The target serves the tenant, and nothing of the move is left there.
    case finish
}

/// What a row answers.
enum StoreAnswer: Sendable, Equatable {
    /// It becomes this.
    case change(StoreRow)
    /// It says so already, or the act needs no change.
    case asItIs
    /// Of a decision: what it is, and was before.
    case decided(StoreDecision)
    case refused(MigrationError.Code, String)
}
