/// How far changes have been applied. Written as `16/B374D848`, or within a transaction as `16/B374D848+500`.
struct ChangeCursor: Equatable, Sendable, CustomStringConvertible {
    /// Everything that was committed before this place is applied; or, within a transaction, where its commit stands.
    var position: LogPosition
    /// Changes of that transaction that are applied; `nil` where none is under way.
    var changes: Int?

    /// Nothing has been applied.
    static let beginning = ChangeCursor(position: LogPosition(0), changes: nil)

    init(position: LogPosition, changes: Int?) {
        self.position = position
        self.changes = changes
    }

    /// - Returns: `nil` for what is no cursor; an empty text is the beginning.
    init?(_ text: String) {
        if text.isEmpty {
            self = .beginning
            return
        }
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard let first = parts.first, let position = LogPosition(first), parts.count <= 2 else { return nil }
        self.position = position
        if parts.count == 2 {
            guard let count = Int(parts[1]), count >= 0 else { return nil }
            changes = count
        }
    }

    var description: String {
        if position.value == 0, changes == nil { return "" }
        return "\(position)" + (changes.map { "+\($0)" } ?? "")
    }

    /// Changes of a transaction that have been applied before.
    /// - Parameter commit: where the transaction's commit stands.
    /// - Returns: `nil` for all of them.
    func applied(of commit: LogPosition) -> Int? {
        if commit < position { return nil }
        return commit == position ? changes ?? 0 : 0
    }
}
