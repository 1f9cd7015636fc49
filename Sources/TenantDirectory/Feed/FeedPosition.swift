/// A place in the change feed: a number, and the random id of the transaction that took it. A directory that does not
/// know the pair has lost changes, or is another one (amendment H6).
package struct FeedPosition: Sendable, Hashable {
    package let sequence: Int64
    /// Empty where an older program took the number.
    package let id: String

    package init(sequence: Int64, id: String) {
        self.sequence = sequence
        self.id = id
    }
}
