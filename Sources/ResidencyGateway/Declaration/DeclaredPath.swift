/// URLs as modules, webhooks and callbacks carry them.
enum DeclaredPath {
    /// The path below the base URL, with a slash in front, without query and fragment.
    /// - Returns: `nil` for an empty text and for a URL of somebody else.
    static func relative(_ text: String, to bases: [WebAddress]) -> String? {
        var rest = text[...]
        if text.contains("://") || text.hasPrefix("//") {
            guard let base = bases.map(\.description).first(where: { isBelow(text, $0) }) else { return nil }
            rest = text.dropFirst(base.count)
        }
        let path = withoutQuery(rest)
        guard !text.isEmpty, !path.contains(where: { $0.isWhitespace }) else { return nil }
        return path.hasPrefix("/") ? String(path) : "/" + path
    }

    private static func isBelow(_ text: String, _ base: String) -> Bool {
        guard text.hasPrefix(base) else { return false }
        guard let next = text.dropFirst(base.count).first else { return true }
        return next == "/" || next == "?" || next == "#"
    }

    /// Cuts at the first `?` or `#` that is not within braces.
    private static func withoutQuery(_ text: Substring) -> Substring {
        var depth = 0
        return text.prefix { character in
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            return depth > 0 || (character != "?" && character != "#")
        }
    }
}
