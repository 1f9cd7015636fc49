/// What the tenant's row in a store says (`residency.tenant`).
package struct StoreClaim: Sendable, Codable, Equatable {
    package enum State: String, Sendable, Codable {
        /// There is no row yet, or it says so: the tenant's writes pass.
        case open
        case fenced
        case moved
        case purging
        case arriving
        case sealed
    }

    package var state: State
    package var epoch: Int64
    /// The highest that the row has seen.
    package var generation: Int64
    package var attempt: Int64
    /// The migration it was last written for; empty for none.
    package var migration: String
    /// Of the seal, once there is one.
    package var token: String?

    package init(
        state: State, epoch: Int64, generation: Int64, attempt: Int64, migration: String, token: String? = nil
    ) {
        self.state = state
        self.epoch = epoch
        self.generation = generation
        self.attempt = attempt
        self.migration = migration
        self.token = token
    }
}
