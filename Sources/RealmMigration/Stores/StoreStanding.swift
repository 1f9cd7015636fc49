/// What one side of a store says of itself and of the tenant's row, as it is now. Asking changes nothing, and needs no
/// authority.
package struct StoreStanding: Sendable, Codable, Equatable {
    /// The random id that the store keeps of itself.
    package var storeID: String
    /// The tenant's row.
    package var claim: StoreClaim
    /// Which server this is, and which of its histories: another one after a standby has taken over or a backup has
    /// come back. Empty where the store cannot tell.
    package var history: String
    /// Why what the row says may not be what was written last: the server was set back. `nil` where nothing speaks
    /// against it.
    package var doubt: String?
    /// What the row says is on the disk of every server that may take over.
    package var isFlushed: Bool

    package init(
        storeID: String, claim: StoreClaim, history: String = "", doubt: String? = nil, isFlushed: Bool = true
    ) {
        self.storeID = storeID
        self.claim = claim
        self.history = history
        self.doubt = doubt
        self.isFlushed = isFlushed
    }
}
