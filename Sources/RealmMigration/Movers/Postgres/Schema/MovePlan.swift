import TenantDirectory

/// The tables of one tenant's move in one database, by what is declared and what is there. Pure.
struct MovePlan: Equatable, Sendable {
    /// In an order in which rows can be put in: what is referred to comes first.
    var tables: [MovedTable] = []
    /// What is declared and not there, or cannot be understood.
    var blockers: [StoreSurvey.Finding] = []
    /// Names of tables that refer to each other in a circle, or to themselves.
    var circles: [[String]] = []

    init(_ settings: PostgresStoreSettings, schema: SchemaDescription, names: TenantNames) {
        let declared = settings.tables.isEmpty ? Self.discover(settings, schema) : settings.tables
        var found: [MovedTable] = []
        for table in declared {
            do throws(Misfit) {
                found.append(try Self.resolve(table, among: declared, settings, schema, names))
            } catch { blockers.append(error.finding) }
        }
        if declared.isEmpty {
            blockers.append(
                StoreSurvey.Finding(
                    code: "no-tables",
                    message: "No table of the store \(settings.name) has a column that tells the tenant "
                        + "(\(settings.tenantColumns.joined(separator: ", "))).",
                    remedy: "Declare the tables, or the columns' names, under `stores`."))
        }
        let ordered = TableOrder(found)
        tables = ordered.tables
        circles = ordered.circles
    }

    /// Tables that have one of the columns, but ours.
    static func discover(_ settings: PostgresStoreSettings, _ schema: SchemaDescription) -> [PostgresTableSettings] {
        schema.tables.filter { settings.schemas.contains($0.schema) }.compactMap { table in
            guard let column = settings.tenantColumns.first(where: { table.column($0) != nil }) else { return nil }
            var found = PostgresTableSettings(name: table.title)
            found.tenantColumn = column
            return found
        }
    }

    private struct Misfit: Error {
        let finding: StoreSurvey.Finding

        init(_ code: String, _ message: String, _ remedy: String = "") {
            finding = StoreSurvey.Finding(code: code, message: message, remedy: remedy)
        }
    }

    /// A name of the configuration in its two parts.
    static func parts(_ name: String, _ settings: PostgresStoreSettings) -> (schema: String, name: String) {
        guard let dot = name.firstIndex(of: ".") else { return (settings.schemas.first ?? "public", name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }

    private static func resolve(
        _ declared: PostgresTableSettings, among all: [PostgresTableSettings], _ settings: PostgresStoreSettings,
        _ schema: SchemaDescription, _ names: TenantNames
    ) throws(Misfit) -> MovedTable {
        let (place, name) = parts(declared.name, settings)
        guard let description = schema[place, name] else {
            throw Misfit(
                "missing-table", "The table \(place).\(name) is not there.",
                "Make it as it is on the other side, or take it out of the store's tables.")
        }
        var end = declared
        var last = description
        var path: [MovedTable.Step] = []
        for step in declared.path {
            guard let key = last.foreignKeys.first(where: { $0.name == step || $0.columns == [step] }),
                let next = schema[key.schema, key.table]
            else {
                throw Misfit(
                    "missing-foreign-key",
                    "\(last.title) has no foreign key \(step), which the path of "
                        + "\(description.title) goes by.", "Add the foreign key, or correct the path.")
            }
            path.append(
                MovedTable.Step(
                    columns: key.columns, schema: key.schema, table: key.table, targetColumns: key.targetColumns))
            last = next
            end = all.first { parts($0.name, settings) == (next.schema, next.name) } ?? PostgresTableSettings(name: "")
        }
        guard let column = end.tenantColumn ?? settings.tenantColumns.first(where: { last.column($0) != nil }),
            last.column(column) != nil
        else {
            throw Misfit(
                "missing-column", "\(last.title) has no column that tells the tenant of \(description.title).",
                "Declare its tenant column, or a path of foreign keys to a table that has one.")
        }
        if last.column(column)?.isGenerated == true {
            throw Misfit("generated-tenant-column", "The tenant column \(last.title).\(column) is generated.")
        }
        let kind = end.tenantName ?? settings.tenantName
        guard let tenant = names[kind], !tenant.isEmpty else {
            throw Misfit(
                "unknown-name",
                "\(last.title).\(column) holds the tenant's \(kind.rawValue), and the directory does "
                    + "not know it.", "Set it with `tenants`, or declare which name the column holds.")
        }
        for excluded in declared.excludedColumns where description.column(excluded) == nil {
            throw Misfit(
                "missing-column", "\(description.title) has no column \(excluded), which is not to be moved.")
        }
        let off = settings.offStates.first { parts($0.key, settings) == (place, name) }?.value ?? []
        if let missing = off.first(where: { description.column($0.column) == nil }) {
            throw Misfit(
                "missing-column", "\(description.title) has no column \(missing.column) to be switched off by.")
        }
        guard off.isEmpty || !description.primaryKey.isEmpty else {
            throw Misfit("off-without-key", "\(description.title) has no primary key to be switched on by.")
        }
        return MovedTable(
            description: description, tenantColumn: column, tenant: tenant, path: path,
            excludedRows: declared.excludedRows, excludedColumns: declared.excludedColumns,
            isActivating: off.isEmpty && settings.activating.contains { parts($0, settings) == (place, name) },
            off: off)
    }

    subscript(title: String) -> MovedTable? { tables.first { $0.title == title } }
}
