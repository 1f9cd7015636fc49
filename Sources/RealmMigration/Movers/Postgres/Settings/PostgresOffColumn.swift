/// A column of a row that makes the app act for a tenant, and what stands in it while the app must not.
package struct PostgresOffColumn: Sendable, Equatable {
    /// As PostgreSQL keeps the name, without quotes.
    package var column: String
    /// In SQL: `false`, `'disabled'`.
    package var value: String

    package init(column: String, value: String) {
        self.column = column
        self.value = value
    }
}
