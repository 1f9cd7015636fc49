import TenantDirectory

/// What must be equal on both sides, and stay so while data moves (H12), in 64 digits.
enum SchemaFingerprint {
    /// - Parameters:
    ///   - tables: those that move, in any order.
    ///   - known: titles of all tables that seem to have rows of tenants, moved or not: a new one is a change.
    static func of(_ tables: [MovedTable], known: [String] = []) -> String {
        let lines = tables.sorted { $0.title < $1.title }.flatMap { table -> [String] in
            let description = table.description
            let columns = description.columns.sorted { $0.name < $1.name }.map { column in
                "  \(column.name) \(column.type) \(column.isNotNull) \(column.identity) \(column.isGenerated)"
            }
            let keys = description.keys.map { "  key \($0.isPrimary) \($0.columns)" }.sorted()
            let references = description.foreignKeys.map { key in
                "  reference \(key.columns) \(key.schema).\(key.table) \(key.targetColumns)"
            }.sorted()
            let head = "\(table.title) by \(table.tenantColumn) without \(table.excludedColumns.sorted())"
            return [head] + columns + keys + references
        }
        let others = Set(known).union(tables.map(\.title)).sorted()
        return SHA256.hexDigest(of: Array((lines + others).joined(separator: "\n").utf8))
    }
}
