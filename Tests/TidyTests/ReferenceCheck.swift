import Foundation

/// Whether the reference of the configuration tells of every key there is.
enum ReferenceCheck {
    /// Keys as the table of keys names them, each the first argument of its entry, followed by a key path.
    static func keys(in table: SourceFile) -> [(name: String, line: Int)] {
        let pattern = "\"([a-z][A-Za-z]*(?:\\.[a-z][A-Za-z]*)*)\",\\s*\\\\\\."
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        let text = table.text
        return expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap { match in
            guard let range = Range(match.range(at: 1), in: text) else { return nil }
            let line = text[..<range.lowerBound].count { $0 == "\n" } + 1
            return (String(text[range]), line)
        }
    }

    static func undocumented(in table: SourceFile, reference: SourceFile) -> [Complaint] {
        keys(in: table).filter { !reference.text.contains("`\($0.name)`") }.map {
            Complaint(path: table.path, line: $0.line, what: "\(reference.path) does not tell of `\($0.name)`")
        }
    }
}
