import TenantDirectory

/// Comparisons are made by the servers alone: nothing here is shared with what copies. A row's hash is SHA-256 over a
/// key and the row as text; a table's parts are told by the hash of a row's key.
struct DigestStatements {
    /// Parts of a table, each with a sum of its own.
    static let parts = 256
    /// One more part counts foreign keys that lead nowhere: nothing has checked them while rows were applied (H28). At
    /// the source there are none.
    static let references = 256
    /// Keys that one statement asks for.
    static let keysAtOnce = 500

    let table: MovedTable
    /// As it stands after FROM: the table itself, or where its rows wait.
    let from: String
    /// In hexadecimal digits.
    let key: String

    init(_ table: MovedTable, from: String? = nil, key: [UInt8]) {
        self.table = table
        self.from = from ?? table.from
        self.key = Hexadecimal.lowerCase(key)
    }

    /// Part, count and sum of the rows; of all, or of these keys.
    /// - Throws: `.badAnswer` for a key that is none.
    func sums(keys: ArraySlice<String>?) throws(MigrationError) -> String {
        """
        SELECT part, count(*), sum(h) FROM (SELECT \(part) AS part, \
        ('x' || left(\(hash), 16))::bit(64)::bigint AS h FROM (\(try rows(keys))) s) q GROUP BY part
        """
    }

    /// Key and hash of every row of a part. Rows of a table without a key are named by what they hold.
    func hashes(part number: Int, keys: ArraySlice<String>?) throws(MigrationError) -> String {
        """
        SELECT name, min(\(hash)) || CASE count(*) WHEN 1 THEN '' ELSE ' times ' || count(*) END \
        FROM (\(try rows(keys))) s WHERE \(part) = \(number) GROUP BY name
        """
    }

    private var part: String { "get_byte(sha256(convert_to(k, 'UTF8')), 0)" }
    private var hash: String { "encode(sha256(convert_to('\(key)' || r, 'UTF8')), 'hex')" }

    private func rows(_ keys: ArraySlice<String>?) throws(MigrationError) -> String {
        // Columns may stand in another order on the other side.
        let names = table.description.primaryKey.map { "t.\(SQLText.name($0))" }
        let row = Self.text(of: table.comparedColumns.sorted())
        let name =
            names.isEmpty
            ? "md5(\(row))" : "jsonb_build_array(\(names.map { "\($0)::text" }.joined(separator: ", ")))::text"
        let own = names.isEmpty ? row : Self.text(of: table.description.primaryKey)
        return """
            SELECT \(own) AS k, \(name) AS name, \(row) AS r FROM \(from) t \
            WHERE \(table.movedCondition())\(try wanted(keys))
            """
    }

    /// Columns as one text: each value after its length, so that no two rows look alike; NULL has none. A good deal
    /// cheaper than a row's own text, which looks for what to quote.
    private static func text(of columns: [String]) -> String {
        // A function takes a hundred arguments at most.
        let parts = stride(from: 0, to: columns.count, by: 30).map { start in
            let values = columns[start..<min(start + 30, columns.count)].map { column in
                "octet_length(t.\(SQLText.name(column))::text), ':', t.\(SQLText.name(column))::text"
            }
            return "concat(\(values.joined(separator: ", ")))"
        }
        return parts.isEmpty ? "''" : parts.joined(separator: " || ")
    }

    private func wanted(_ keys: ArraySlice<String>?) throws(MigrationError) -> String {
        guard let keys else { return "" }
        let columns = table.description.primaryKey
        guard !columns.isEmpty, !keys.isEmpty else { return " AND false" }
        var tuples: [String] = []
        for key in keys {
            let values = try StoreJSON.decode([String?].self, key, what: "A key of \(table.title)")
            guard values.count == columns.count else {
                throw MigrationError(.badAnswer, "A key of \(table.title) has \(values.count) values.")
            }
            tuples.append("(" + values.map { SQLText.literal($0) }.joined(separator: ", ") + ")")
        }
        let names = columns.map { "t.\(SQLText.name($0))" }.joined(separator: ", ")
        return " AND (\(names)) IN (\(tuples.joined(separator: ", ")))"
    }

    /// Rows with a foreign key that leads nowhere, one statement a key: their keys, and the constraint.
    /// - Parameter skipped: titles of tables whose rows come later.
    func orphans(skipping skipped: Set<String>, keys: ArraySlice<String>?) throws(MigrationError) -> [String] {
        var statements: [String] = []
        let names = table.description.primaryKey.map { "t.\(SQLText.name($0))::text" }.joined(separator: ", ")
        let name = names.isEmpty ? "'rows without a key'" : "jsonb_build_array(\(names))::text"
        for key in table.description.foreignKeys where !skipped.contains("\(key.schema).\(key.table)") {
            let isSet = key.columns.map { "t.\(SQLText.name($0)) IS NOT NULL" }.joined(separator: " AND ")
            let pairs = zip(key.columns, key.targetColumns).map { "p.\(SQLText.name($1)) = t.\(SQLText.name($0))" }
            let parent = SQLText.name(key.schema) + "." + SQLText.name(key.table)
            statements.append(
                """
                SELECT \(name) || ' by ' || \(SQLText.literal(key.name)) FROM \(from) t \
                WHERE \(table.condition())\(try wanted(keys)) AND \(isSet) \
                AND NOT EXISTS (SELECT FROM \(parent) p WHERE \(pairs.joined(separator: " AND "))) LIMIT 1000
                """)
        }
        return statements
    }
}
