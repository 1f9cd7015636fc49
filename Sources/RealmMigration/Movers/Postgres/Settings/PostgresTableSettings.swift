/// A table of the app's, as the configuration declares it.
package struct PostgresTableSettings: Sendable, Equatable {
    /// `schema.table`, or `table` in the first of the store's schemas. As PostgreSQL keeps the name, without quotes.
    package var name: String
    /// The column that holds the tenant's name; `nil` for a table that is reached by ``path``.
    package var tenantColumn: String?
    /// Which name it holds; `nil` for the store's.
    package var tenantName: TenantNames.Kind?
    /// From a table without a tenant column to one that has it: at each step a column, or the name of a constraint,
    /// with a foreign key. The last table's tenant column is that table's own declaration.
    package var path: [String] = []
    /// Rows that are not moved: a condition in SQL upon the table's columns. They are purged all the same.
    package var excludedRows: String?
    /// Columns that are not moved: they get their defaults in the target.
    package var excludedColumns: [String] = []

    package init(name: String) { self.name = name }
}
