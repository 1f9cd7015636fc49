/// What tells whether two URLs lead to one store: its id, and what was written into it last for this question. A copy
/// of a database has the id of the original and does not get what is written there (H29).
package struct StoreProbe: Sendable, Codable, Equatable {
    package var storeID: String
    /// Empty before the first.
    package var nonce: String

    package init(storeID: String, nonce: String) {
        self.storeID = storeID
        self.nonce = nonce
    }
}
