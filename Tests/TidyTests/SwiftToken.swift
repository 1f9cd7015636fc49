/// A word (identifier, keyword, number), a string literal (always `""`), or one sign of Swift code.
struct SwiftToken: Sendable, Equatable {
    let text: String
    /// Counted from 1.
    let line: Int
    /// Whether it follows the token before it without space or comment between.
    let touchesPrevious: Bool

    var isWord: Bool { text.utf8.first.map(SwiftScanner.isWordByte) ?? false }
}
