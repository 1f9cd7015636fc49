/// Why a text is not a value of the kind asked for: a sentence that goes after the name of the key.
struct Misfit: Error, Sendable, Equatable {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// A value as it may be shown: one line, at most 60 characters.
    static func shown(_ text: some StringProtocol) -> String {
        let line = String(text.prefix { !$0.isNewline })
        return line.count <= 60 ? "`\(line)`" : "`\(line.prefix(60))…`"
    }
}
