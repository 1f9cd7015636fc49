/// What differs between the two sides' schemas, as far as moved rows are concerned, by name.
enum SchemaDifferences {
    /// - Parameter titles: tables that move.
    static func between(_ source: SchemaDescription, _ target: SchemaDescription, tables titles: [String])
        -> [StoreSurvey.Finding]
    {
        titles.flatMap { title -> [StoreSurvey.Finding] in
            let here = source.tables.first { $0.title == title }
            let there = target.tables.first { $0.title == title }
            switch (here, there) {
            case (nil, nil): return []
            case (nil, _?): return [finding("missing-table", "The table \(title) is in the target alone.")]
            case (_?, nil): return [finding("missing-table", "The table \(title) is not in the target.")]
            case (let here?, let there?): return between(here, there)
            }
        }
    }

    private static func between(_ source: TableDescription, _ target: TableDescription) -> [StoreSurvey.Finding] {
        var found: [StoreSurvey.Finding] = []
        let names = Set(source.columns.map(\.name)).union(target.columns.map(\.name)).sorted()
        for name in names {
            guard let here = source.column(name) else {
                found.append(finding("missing-column", "The column \(source.title).\(name) is in the target alone."))
                continue
            }
            guard let there = target.column(name) else {
                found.append(finding("missing-column", "The column \(source.title).\(name) is not in the target."))
                continue
            }
            let pairs = [
                (here.type, there.type),
                (here.isNotNull ? "not null" : "nullable", there.isNotNull ? "not null" : "nullable"),
                (here.isGenerated ? "generated" : "stored", there.isGenerated ? "generated" : "stored"),
                ("identity \(here.identity)", "identity \(there.identity)"),
            ]
            for (mine, other) in pairs where mine != other {
                found.append(
                    finding(
                        "column-differs",
                        "The column \(source.title).\(name) is \(mine) in the source and \(other) in "
                            + "the target."))
            }
        }
        let keys = { (table: TableDescription) in
            Set(
                table.keys.map {
                    ($0.isPrimary ? "primary key (" : "unique (") + $0.columns.joined(separator: ", ") + ")"
                })
        }
        for key in keys(source).symmetricDifference(keys(target)).sorted() {
            let side = keys(source).contains(key) ? "not in the target" : "in the target alone"
            found.append(finding("key-differs", "The \(key) of \(source.title) is \(side)."))
        }
        let references = { (table: TableDescription) in
            Set(
                table.foreignKeys.map { key in
                    "foreign key (\(key.columns.joined(separator: ", "))) to \(key.schema).\(key.table)"
                })
        }
        for key in references(source).symmetricDifference(references(target)).sorted() {
            let side = references(source).contains(key) ? "not in the target" : "in the target alone"
            found.append(finding("foreign-key-differs", "The \(key) of \(source.title) is \(side)."))
        }
        return found
    }

    private static func finding(_ code: String, _ message: String) -> StoreSurvey.Finding {
        StoreSurvey.Finding(code: code, message: message, remedy: "Bring both databases to the same schema.")
    }
}
