/// Where the functions and the top-level types of a file begin and end.
enum SwiftOutline {
    struct Item: Sendable, Equatable {
        let name: String
        let line: Int
        /// From the line of the keyword to that of the closing brace, both counted.
        let lines: Int
    }

    /// Functions, initialisers and subscripts with a body, nested ones too.
    static func functions(in tokens: [SwiftToken]) -> [Item] {
        tokens.indices.compactMap { index in
            guard isFunction(tokens, index), let open = bodyStart(tokens, from: index),
                let close = closing(tokens, of: open)
            else { return nil }
            let keyword = tokens[index]
            let name = keyword.text == "func" ? tokens[index + 1].text : keyword.text
            return Item(name: name, line: keyword.line, lines: tokens[close].line - keyword.line + 1)
        }
    }

    /// Types and extensions that stand in no other.
    static func types(in tokens: [SwiftToken]) -> [Item] {
        let keywords: Set = ["struct", "class", "enum", "actor", "protocol", "extension", "typealias"]
        var items: [Item] = []
        var index = 0
        while index < tokens.count {
            let token = tokens[index]
            if keywords.contains(token.text), index + 1 < tokens.count, tokens[index + 1].isWord,
                index == 0 || tokens[index - 1].text != "import"
            {
                let name = dottedName(tokens, from: index + 1)
                let open = tokens[index...].firstIndex { $0.text == "{" }
                if token.text != "typealias", let open, let close = closing(tokens, of: open) {
                    items.append(Item(name: name, line: token.line, lines: tokens[close].line - token.line + 1))
                    index = close
                } else {
                    items.append(Item(name: name, line: token.line, lines: 1))
                }
            } else if token.text == "{", let close = closing(tokens, of: index) {
                index = close
            }
            index += 1
        }
        return items
    }

    private static func isFunction(_ tokens: [SwiftToken], _ index: Int) -> Bool {
        let isMember = index > 0 && tokens[index - 1].text == "."
        guard !isMember, index + 1 < tokens.count else { return false }
        switch tokens[index].text {
        case "func": return true
        case "init", "subscript": return ["(", "<", "?", "!"].contains(tokens[index + 1].text)
        case "deinit": return tokens[index + 1].text == "{"
        default: return false
        }
    }

    /// The brace that opens the body; `nil` for a requirement of a protocol, which has none.
    private static func bodyStart(_ tokens: [SwiftToken], from index: Int) -> Int? {
        if tokens[index].text == "deinit" { return index + 1 }
        guard let parameters = tokens[index...].firstIndex(where: { $0.text == "(" }),
            let end = closing(tokens, of: parameters, "(", ")")
        else { return nil }
        let stops: Set = ["}", "func", "var", "let", "init", "subscript", "static", "package", "private", "@", "case"]
        for next in tokens.indices[end...].dropFirst() {
            if tokens[next].text == "{" { return next }
            if stops.contains(tokens[next].text) { return nil }
        }
        return nil
    }

    private static func closing(
        _ tokens: [SwiftToken], of open: Int, _ opening: String = "{", _ closing: String = "}"
    ) -> Int? {
        var depth = 0
        for index in open..<tokens.count {
            if tokens[index].text == opening { depth += 1 }
            if tokens[index].text == closing { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    private static func dottedName(_ tokens: [SwiftToken], from start: Int) -> String {
        var name = tokens[start].text
        var index = start + 1
        while index + 1 < tokens.count, tokens[index].text == ".", tokens[index + 1].isWord {
            name += "." + tokens[index + 1].text
            index += 2
        }
        return name
    }
}
