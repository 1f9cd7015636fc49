/// Why a session did not do what it was asked.
package struct PostgresSessionError: Error, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No connection was made.
        case unreachable
        /// The connection broke; whatever was not committed is undone, and a commit under way may have been made.
        case connection
        /// The server did not answer in time; the connection was given up, with the same consequence.
        case silence
        /// The server refused a statement.
        case statement
    }

    package let kind: Kind
    /// Five characters; empty where the server said nothing.
    package let sqlState: String
    /// What the server or libpq said, where that cannot hold a value of a row.
    package let words: String
    /// `schema.table` that it is about; empty for none.
    package let table: String
    package let constraint: String
    /// The key that was not unique or not there, in the server's words; empty for other refusals.
    package let key: String

    package init(
        _ kind: Kind, sqlState: String = "", words: String = "", table: String = "", constraint: String = "",
        key: String = ""
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.words = words
        self.table = table
        self.constraint = constraint
        self.key = key
    }

    init(_ failure: PostgresFailure) {
        let kind: Kind =
            switch failure.kind {
            case .unreachable: .unreachable
            case .silence: .silence
            case .statement: .statement
            case .connection, .commit: .connection
            }
        self.init(kind, sqlState: failure.sqlState, words: failure.words)
    }

    package var description: String {
        let place = table.isEmpty ? "" : " in \(table)" + (constraint.isEmpty ? "" : " (\(constraint))")
        let parts = [
            sqlState.isEmpty ? "" : "SQLSTATE \(sqlState)\(place)", words, key,
            sqlState.isEmpty && words.isEmpty ? kind.rawValue : "",
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
