import Foundation

extension TidyCheck {
    /// The compiler does not check these two: the reader must be told what makes them right.
    static let guardedSharing = TidyCheck(
        rule: "unchecked sharing between threads says in a comment above or beside it what guards it"
    ) { file in
        let reasons = [
            "guard", "lock", "mutex", "event loop", "one thread", "any thread", "immutable", "never change",
            "only read", "queue", "set once",
        ]
        let places = file.tokens.indices.filter { index in
            let text = file.tokens[index].text
            let after = file.tokens.dropFirst(index + 1).prefix(2).map(\.text)
            return (text == "unchecked" && after.first == "Sendable")
                || (text == "nonisolated" && after == ["(", "unsafe"])
        }
        var lastGuarded = -1
        return places.compactMap { index in
            let line = file.tokens[index].line
            let comment = commentAbove(file, line) + commentBeside(file, line) + commentBeside(file, line + 1)
            // Lines that follow each other share the comment above the first of them.
            if lastGuarded == line - 1 || reasons.contains(where: { comment.lowercased().contains($0) }) {
                lastGuarded = line
                return nil
            }
            return Complaint(path: file.path, line: line, what: "says nowhere what guards it")
        }
    }

    /// Input from outside must not end the process, so what ends it is not written at all.
    static let noTraps = TidyCheck(rule: "nothing in Sources forces a try, a cast or an optional, or gives up") {
        file in
        guard file.isIn("Sources") else { return [] }
        return file.tokens.indices.compactMap { index in
            let token = file.tokens[index]
            if token.text == "fatalError" {
                return Complaint(path: file.path, line: token.line, what: "fatalError: throw a code instead")
            }
            guard token.text == "!", token.touchesPrevious, index > 0 else { return nil }
            let previous = file.tokens[index - 1]
            let isInequality = file.tokens.dropFirst(index + 1).first.map { $0.text == "=" && $0.touchesPrevious }
            guard isInequality != true, previous.isWord || [")", "]", "}", "?", "\"\""].contains(previous.text) else {
                return nil
            }
            return Complaint(path: file.path, line: token.line, what: "\(previous.text)! ends the process when wrong")
        }
    }

    /// Modules of one package speak to each other by `package`; nobody else imports them.
    static let noPublic = TidyCheck(rule: "nothing in Sources is public") { file in
        guard file.isIn("Sources") else { return [] }
        return file.tokens.indices.compactMap { index in
            let isMember = index > 0 && file.tokens[index - 1].text == "."
            guard !isMember, ["public", "open"].contains(file.tokens[index].text) else { return nil }
            let declarations: Set = [
                "func", "struct", "class", "enum", "actor", "protocol", "var", "let", "init", "final", "static",
                "import", "extension", "typealias", "subscript",
            ]
            guard let next = file.tokens.dropFirst(index + 1).first, declarations.contains(next.text) else {
                return nil
            }
            return Complaint(path: file.path, line: next.line, what: "package is enough")
        }
    }

    /// A test waits for an event, never for a time.
    static let noSleep = TidyCheck(rule: "no test sleeps") { file in
        guard file.isIn("Tests"), file.path.hasSuffix(".swift") else { return [] }
        return file.tokens.indices.compactMap { index in
            let previous = index > 0 ? file.tokens[index - 1].text : ""
            let owner = index > 1 ? file.tokens[index - 2].text : ""
            let isSleep =
                switch file.tokens[index].text {
                case "usleep", "nanosleep": true
                case "sleep": previous == "." ? ["Task", "Thread", ")"].contains(owner) : previous != "func"
                default: false
                }
            guard isSleep else { return nil }
            return Complaint(path: file.path, line: file.tokens[index].line, what: "wait for the event instead")
        }
    }

    /// The unbroken block of comment lines, and attribute lines among them, right above a line.
    private static func commentAbove(_ file: SourceFile, _ line: Int) -> String {
        let above = file.lines.prefix(line - 1).reversed().map { $0.drop { $0 == " " } }
        return above.prefix { $0.hasPrefix("//") || $0.hasPrefix("@") }.filter { $0.hasPrefix("//") }
            .joined(separator: " ")
    }

    private static func commentBeside(_ file: SourceFile, _ line: Int) -> String {
        guard line <= file.lines.count else { return "" }
        let text = file.lines[line - 1]
        return text.range(of: "//").map { String(text[$0.lowerBound...]) } ?? ""
    }
}
