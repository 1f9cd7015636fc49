import TenantDirectory

/// Turns changes of the log into statements for the target. Strict: a statement says how many rows it must hit (H10).
/// Pure.
struct ChangeStatements {
    struct Statement: Equatable, Sendable {
        var sql: String
        /// Rows that it must hit; `nil` for any number.
        var rows: Int64?
        /// For complaints.
        var table: String
        var key: String
    }

    private let plan: PreparedPlan
    private var relations: [UInt32: LogMessage.Relation] = [:]

    init(_ plan: PreparedPlan) { self.plan = plan }

    /// - Parameter body: of a batch: messages, each with its length.
    /// - Throws: `.blocked`, `.schemaChanged`, `.badAnswer`.
    mutating func statements(_ body: [UInt8]) throws(MigrationError) -> [Statement] {
        var reader = ByteReader(body)
        var statements: [Statement] = []
        while !reader.isAtEnd {
            let count = try reader.integer(UInt32.self)
            statements += try self.statements(LogMessage(Array(try reader.take(Int(count)))))
        }
        return statements
    }

    private mutating func statements(_ message: LogMessage) throws(MigrationError) -> [Statement] {
        switch message {
        case .relation(let relation):
            relations[relation.id] = relation
            return []
        case .insert(let id, let new):
            let (table, relation) = try known(id)
            return [try insert(table, relation, new)]
        case .update(let id, let old, let new):
            let (table, relation) = try known(id)
            return [try update(table, relation, old, new)]
        case .delete(let id, let old):
            let (table, relation) = try known(id)
            let row = try address(table, relation, old)
            return [
                Statement(
                    sql: "DELETE FROM \(table.from) t WHERE \(row.condition)", rows: 1, table: table.title,
                    key: row.key)
            ]
        case .truncate(let ids):
            var found: [Statement] = []
            for id in ids where relations[id] != nil {
                let (table, _) = try known(id)
                // Other tenants live there (H9).
                found.append(
                    Statement(
                        sql: "DELETE FROM \(table.from) t WHERE \(table.condition())", rows: nil, table: table.title,
                        key: ""))
            }
            return found
        case .begin, .commit, .message, .other: return []
        }
    }

    private func known(_ id: UInt32) throws(MigrationError) -> (MovedTable, LogMessage.Relation) {
        guard let relation = relations[id] else {
            throw MigrationError(.badAnswer, "A batch of changes holds a row of a table that it has not named.")
        }
        guard let table = plan[relation.title] else {
            throw MigrationError(.schemaChanged, "\(relation.title) is not among the tables that move.")
        }
        for column in relation.columns where table.description.column(column.name) == nil {
            throw MigrationError(
                .schemaChanged,
                "The column \(relation.title).\(column.name) is not in the target. Add it, and move anew.")
        }
        return (table, relation)
    }

    private func insert(
        _ table: MovedTable, _ relation: LogMessage.Relation, _ new: [LogMessage.Value]
    ) throws(MigrationError) -> Statement {
        var names: [String] = []
        var values: [String] = []
        for (column, value) in zip(relation.columns, new) where !table.excludedColumns.contains(column.name) {
            names.append(SQLText.name(column.name))
            switch value {
            case .null: values.append("NULL")
            case .text(let text): values.append(SQLText.literal(text))
            case .unchanged:
                throw MigrationError(
                    .blocked,
                    "A row that became the tenant's in \(table.title) came without its large column "
                        + "\(column.name). Run ALTER TABLE \(table.name) REPLICA IDENTITY FULL, and move anew.")
            }
        }
        return Statement(
            sql: "INSERT INTO \(table.name) (\(names.joined(separator: ", "))) OVERRIDING SYSTEM VALUE "
                + "VALUES (\(values.joined(separator: ", ")))", rows: 1, table: table.title,
            key: key(table, relation, new))
    }

    private func update(
        _ table: MovedTable, _ relation: LogMessage.Relation, _ old: [LogMessage.Value]?, _ new: [LogMessage.Value]
    ) throws(MigrationError) -> Statement {
        var changes: [String] = []
        for (index, column) in relation.columns.enumerated() where new.indices.contains(index) {
            guard !table.excludedColumns.contains(column.name), new[index] != .unchanged else { continue }
            // It can be given no value, and so was given none.
            if table.description.column(column.name)?.identity == "a" { continue }
            changes.append("\(SQLText.name(column.name)) = \(text(new[index]))")
        }
        if changes.isEmpty { changes.append("\(SQLText.name(table.tenantColumn)) = \(SQLText.literal(table.tenant))") }
        let row = try address(table, relation, old ?? new)
        return Statement(
            sql: "UPDATE \(table.from) t SET \(changes.joined(separator: ", ")) WHERE \(row.condition)", rows: 1,
            table: table.title, key: row.key)
    }

    /// The one row that is meant.
    private func address(
        _ table: MovedTable, _ relation: LogMessage.Relation, _ row: [LogMessage.Value]
    ) throws(MigrationError) -> (condition: String, key: String) {
        let primary = table.description.primaryKey
        let isFull = relation.replicaIdentity == "f"
        let wanted = relation.columns.indices.filter { index in
            let column = relation.columns[index]
            return isFull && !primary.isEmpty ? primary.contains(column.name) : column.isKey
        }
        guard !wanted.isEmpty, wanted.allSatisfy({ row.indices.contains($0) && row[$0] != .unchanged }) else {
            throw MigrationError(.blocked, "The log does not tell which row of \(table.title) was changed.")
        }
        let key = key(table, relation, row)
        guard isFull, primary.isEmpty else {
            let pairs = wanted.map { "t.\(SQLText.name(relation.columns[$0].name)) = \(text(row[$0]))" }
            return ((pairs + [table.condition()]).joined(separator: " AND "), key)
        }
        // Nothing makes two rows different: any one of those that look so. Not every type can be compared.
        let pairs = wanted.map { index in
            "s.\(SQLText.name(relation.columns[index].name))::text IS NOT DISTINCT FROM \(text(row[index]))"
        }
        let inner = (pairs + [table.condition("s")]).joined(separator: " AND ")
        return (
            "(t.tableoid, t.ctid) = (SELECT s.tableoid, s.ctid FROM \(table.from) s WHERE \(inner) LIMIT 1)", key
        )
    }

    private func text(_ value: LogMessage.Value) -> String {
        if case .text(let text) = value { return SQLText.literal(text) }
        return "NULL"
    }

    private func key(_ table: MovedTable, _ relation: LogMessage.Relation, _ row: [LogMessage.Value]) -> String {
        let values = table.description.primaryKey.map { name -> String in
            guard let place = relation.columns.firstIndex(where: { $0.name == name }), row.indices.contains(place),
                case .text(let text) = row[place]
            else { return "" }
            return text
        }
        return values.joined(separator: ", ")
    }
}
