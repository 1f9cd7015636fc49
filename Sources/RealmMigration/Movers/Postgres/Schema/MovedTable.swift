import TenantDirectory

/// A table whose rows move, and how the tenant's are told from others'.
struct MovedTable: Equatable, Sendable {
    /// One step from a table to the one that knows its tenant.
    struct Step: Equatable, Sendable {
        var columns: [String]
        var schema: String
        var table: String
        var targetColumns: [String]
    }

    var description: TableDescription
    /// Of this table, or of the one at the end of ``path``.
    var tenantColumn: String
    /// What stands in it.
    var tenant: String
    var path: [Step] = []
    var excludedRows: String?
    var excludedColumns: [String] = []
    /// Its rows arrive with the switch.
    var isActivating = false
    /// Its rows arrive with the others, with this in their columns until the switch.
    var off: [PostgresOffColumn] = []
    /// The rows of a table that arrives switched off, once more and as they are: what switches them on.
    var isTwin = false

    /// `schema.table`, as people write it and as lanes are called.
    var title: String { isTwin ? description.title + " (switched on)" : description.title }

    /// What switches a table's rows on.
    var twin: MovedTable {
        var twin = self
        (twin.isTwin, twin.isActivating) = (true, true)
        return twin
    }

    /// In quotes.
    var name: String { SQLText.name(description.schema) + "." + SQLText.name(description.name) }

    /// As it stands after FROM: without tables that inherit from it.
    var from: String { (description.isPartitioned ? "" : "ONLY ") + name }

    /// What is copied: all but what the database itself makes.
    var copiedColumns: [TableDescription.Column] {
        description.columns.filter { !$0.isGenerated && !excludedColumns.contains($0.name) }
    }

    /// What is compared: with what the database makes.
    var comparedColumns: [String] {
        let later = isTwin ? [] : off.map(\.column)
        return description.columns.map(\.name).filter { !excludedColumns.contains($0) && !later.contains($0) }
    }

    /// Whether its rows travel in PostgreSQL's binary form.
    var isBinary: Bool { copiedColumns.allSatisfy(\.isPortable) }

    /// Whether the log tells enough of its rows to follow them (H9).
    var isFollowable: Bool {
        guard path.isEmpty, excludedRows == nil, description.isLogged else { return false }
        return description.identityColumns?.contains(tenantColumn) == true
            && description.column(tenantColumn)?.isFilterable == true
    }

    /// Whether a live move follows it; else its rows are copied in the pause.
    var isFollowed: Bool { isFollowable && !isActivating }

    /// The rows of the tenant, as a condition upon a row of that name.
    func condition(_ row: String = "t") -> String {
        guard let first = path.first else { return "\(row).\(SQLText.name(tenantColumn)) = \(SQLText.literal(tenant))" }
        return Self.condition(first, path.dropFirst(), of: row, 1, tenantColumn, tenant)
    }

    private static func condition(
        _ step: Step, _ rest: ArraySlice<Step>, of row: String, _ depth: Int, _ column: String, _ tenant: String
    ) -> String {
        let parent = "p\(depth)"
        let inner =
            rest.first.map { condition($0, rest.dropFirst(), of: parent, depth + 1, column, tenant) }
            ?? "\(parent).\(SQLText.name(column)) = \(SQLText.literal(tenant))"
        let own = step.columns.map { "\(row).\(SQLText.name($0))" }.joined(separator: ", ")
        let others = step.targetColumns.map { "\(parent).\(SQLText.name($0))" }.joined(separator: ", ")
        let table = SQLText.name(step.schema) + "." + SQLText.name(step.table)
        return "(\(own)) IN (SELECT \(others) FROM \(table) \(parent) WHERE \(inner))"
    }

    /// The rows of the tenant, as the filter of a publication.
    var filter: String { "\(SQLText.name(tenantColumn)) = \(SQLText.literal(tenant))" }

    /// The rows of the tenant that move.
    func movedCondition(_ row: String = "t") -> String {
        guard let excludedRows else { return condition(row) }
        return "\(condition(row)) AND (\(excludedRows)) IS NOT TRUE"
    }
}
