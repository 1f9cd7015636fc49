/// Where a tenant's data is, and whether its requests may go there now.
package struct Placement: Hashable, Sendable {
    package enum State: String, Sendable {
        /// Requests are forwarded.
        case serving
        /// Requests wait: a cutover is under way.
        case held
        /// Requests that cannot write are forwarded, all others refused: the data moves while it stands still, which
        /// takes longer than a request waits.
        case moving
    }

    package var region: Region
    /// Only grows. Of two placements of one tenant the one with the higher epoch is right.
    package var epoch: Int64
    package var state: State

    package init(region: Region, epoch: Int64, state: State) {
        self.region = region
        self.epoch = epoch
        self.state = state
    }
}
