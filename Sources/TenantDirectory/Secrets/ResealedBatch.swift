/// What became of some records whose secrets were to be sealed anew.
package struct ResealedBatch: Sendable, Equatable {
    /// Where the sealed secrets lie.
    package enum Part: Sendable, CaseIterable {
        /// First, because what waits here may become a record while the records are gone through.
        case pendingInstalls
        case tenants
    }

    /// Records that are sealed with the current key now.
    package var resealed = 0
    /// Records whose secrets did not open, because the key is missing or they are damaged: left as they were.
    package var failed: [TenantID] = []
    /// The last record looked at, where to go on; `nil` where there are no more.
    package var last: TenantID?
}
