/// A statement with its values; `?` stands for each of them in the text.
struct SQLStatement: Sendable, Equatable {
    let text: String
    let values: [SQLValue]

    init(_ text: String, _ values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }

    /// Whether it carries the number of a change, and so can only be written once that is taken.
    var isNumbered: Bool { values.contains(where: \.isChange) }

    /// The text before, between and after the places of its values.
    static func pieces(_ text: String) -> [Substring] { text.split(separator: "?", omittingEmptySubsequences: false) }

    /// The statement that takes the next numbers of the change feed, and gives the last of them.
    static func takeNumbers(_ count: Int) -> SQLStatement {
        SQLStatement(
            "UPDATE feed_counter SET seq = seq + ? WHERE id = 1 RETURNING seq", [.integer(Int64(count))])
    }
}
