import TenantDirectory

/// What must be equal on both sides, and stay so while data moves (H12): in words, and in 64 digits.
enum SchemaFingerprint {
    /// A line for each table, column, key and reference, in an order of their own: a difference names itself.
    /// - Parameters:
    ///   - tables: those that move, in any order.
    ///   - known: titles of all tables that seem to have rows of tenants, moved or not: a new one is a change.
    static func lines(of tables: [MovedTable], known: [String] = []) -> [String] {
        let lines = tables.flatMap { table -> [String] in
            let description = table.description
            let columns = description.columns.map { column in
                "\(table.title): column \(column.name) \(column.type)"
                    + (column.isNotNull ? " not null" : "") + (column.isGenerated ? " generated" : "")
                    + (column.identity.isEmpty ? "" : " identity \(column.identity)")
            }
            let keys = description.keys.map { key in
                "\(table.title): \(key.isPrimary ? "primary key" : "unique") (\(key.columns.joined(separator: ", ")))"
            }
            let references = description.foreignKeys.map { key in
                "\(table.title): (\(key.columns.joined(separator: ", "))) refers to \(key.schema).\(key.table) "
                    + "(\(key.targetColumns.joined(separator: ", ")))"
            }
            let excluded = table.excludedColumns.sorted().joined(separator: ", ")
            let head =
                "\(table.title): rows of a tenant by \(table.tenantColumn)"
                + (excluded.isEmpty ? "" : ", without \(excluded)")
            return [head] + columns + keys + references
        }
        let others = Set(known).subtracting(tables.map(\.title)).map { "\($0): has rows of tenants, and is not moved" }
        return (lines + others).sorted()
    }

    static func of(_ lines: [String]) -> String {
        SHA256.hexDigest(of: Array(lines.joined(separator: "\n").utf8))
    }
}
