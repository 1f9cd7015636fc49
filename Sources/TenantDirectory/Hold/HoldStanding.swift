/// What a node says of itself, beside what a cutover has asked it.
package struct HoldStanding: Sendable, Equatable {
    /// The app instances of the target, as the node sees them.
    package enum Target: String, Sendable {
        /// One at least takes calls, as far as the node knows.
        case well
        /// All of them have failed their checks, or are out of use.
        case down
        /// The node calls none of that region.
        case notOwned
    }

    /// For how long this process has been the only one of its name. The one before it may have sent requests until
    /// then, and nobody counts those (amendment H4).
    package let age: Duration
    package let target: Target

    package init(age: Duration, target: Target) {
        self.age = age
        self.target = target
    }
}
