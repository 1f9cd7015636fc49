/// What the server answers to one statement.
package struct PostgresReply: Sendable, Equatable {
    /// Values as the server writes them; `nil` for NULL.
    package var rows: [[String?]]
    /// Rows that an INSERT, UPDATE, DELETE or COPY was about.
    package var affected: Int64

    package init(rows: [[String?]] = [], affected: Int64 = 0) {
        self.rows = rows
        self.affected = affected
    }

    /// The value at a place; `nil` where there is none, or NULL.
    package subscript(row: Int, column: Int) -> String? {
        guard rows.indices.contains(row), rows[row].indices.contains(column) else { return nil }
        return rows[row][column]
    }

    /// The first row's first value.
    package var value: String? { self[0, 0] }
}
