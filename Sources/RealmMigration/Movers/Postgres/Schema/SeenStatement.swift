import Foundation

/// A statement that the server has seen, without its constants. Pure.
struct SeenStatement: Codable, Equatable, Sendable {
    let role: String
    let text: String

    init(_ role: String, _ text: String) {
        self.role = role
        self.text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The server does not show it to this role.
    var isHidden: Bool { text == "<insufficient privilege>" }

    /// For people: its beginning.
    var words: String { text.count > 160 ? text.prefix(160) + "…" : text }

    /// It changes or deletes rows of the table, and says neither whose they are nor which by their key.
    func isAboutAllTenants(of table: MovedTable) -> Bool {
        let text = text.lowercased()
        guard let target = Self.target(text), Self.names(of: table).contains(target) else { return false }
        guard let condition = text.range(of: " where ") else { return true }
        let rest = String(text[condition.upperBound...])
        let owner = table.path.first.map(\.columns) ?? [table.tenantColumn]
        let telling = owner + table.description.primaryKey
        return !telling.contains { Self.isCompared($0.lowercased(), in: rest) }
    }

    private static func names(of table: MovedTable) -> Set<String> {
        [table.description.name.lowercased(), table.title.lowercased()]
    }

    /// The table that an UPDATE or DELETE is about, as it is written, without quotes.
    private static func target(_ text: String) -> String? {
        var words = text.split(separator: " ")[...]
        guard let start = words.firstIndex(where: { $0 == "update" || $0 == "delete" }) else { return nil }
        words = words[words.index(after: start)...].drop { $0 == "from" || $0 == "only" }
        return words.first.map { $0.replacingOccurrences(of: "\"", with: "") }
    }

    /// Equal to something, or one of a list.
    private static func isCompared(_ column: String, in text: String) -> Bool {
        let pattern = "(^|[^a-z0-9_])\"?\(NSRegularExpression.escapedPattern(for: column))\"?\\s*(=|in\\b)"
        return text.range(of: pattern, options: .regularExpression) != nil
    }
}
