/// How a store's data moves.
package enum MoveMode: String, Sendable, Codable, CaseIterable {
    /// The tenant works while its rows are copied; its writes stand still in the pause alone.
    case live
    /// The tenant's writes stand still from the first row to the decision.
    case offline
}
