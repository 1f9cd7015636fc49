/// Reading and writing tenants.
extension StoreSession {
    static let columns = """
        t.id, t.state, t.region, t.epoch, t.placement_state, t.host_realm, t.host_base_url, t.product, t.cloud_id, \
        t.secret, t.previous_secret, t.previous_secret_until, t.seq, t.installed_at, t.updated_at, t.uninstalled_at, \
        t.disputed_epoch
        """
    /// Keys that one statement asks for.
    private static let keysAtOnce = 500

    func record(_ key: TenantKey) throws -> TenantRecord? {
        switch key {
        case .id(let id): try record(id)
        case .alias(let alias): try owner(of: alias).flatMap { try record($0) }
        }
    }

    func record(_ id: TenantID) throws -> TenantRecord? { try records([id])[id] }

    /// The records of those ids that there are.
    func records(_ ids: [TenantID]) throws -> [TenantID: TenantRecord] {
        var found: [TenantID: TenantRecord] = [:]
        for part in ids.parts(of: Self.keysAtOnce) {
            let marks = Self.marks(part.count)
            let lock = isWriting ? runner.lockingSuffix : ""
            let rows = try rows(
                "SELECT \(Self.columns) FROM tenants t WHERE t.id IN (\(marks))\(lock)", part.map { SQLValue($0) })
            for record in try records(rows) { found[record.id] = record }
        }
        return found
    }

    func owner(of alias: TenantAlias) throws -> TenantID? {
        try row(
            "SELECT tenant_id FROM tenant_aliases WHERE framework = ? AND app = ? AND name = ?", values(alias)
        )?.tenantID(0)
    }

    /// The tenants behind many names, where there are any.
    func ownersByName(_ aliases: [TenantAlias]) throws -> [TenantAlias: TenantID] {
        var owners: [TenantAlias: TenantID] = [:]
        for part in aliases.parts(of: Self.keysAtOnce) {
            let marks = Array(repeating: "(?, ?, ?)", count: part.count).joined(separator: ", ")
            let rows = try rows(
                """
                SELECT framework, app, name, tenant_id FROM tenant_aliases \
                WHERE (framework, app, name) IN (VALUES \(marks))
                """, part.flatMap { values($0) })
            for row in rows { owners[try row.alias(from: 0)] = try row.tenantID(3) }
        }
        return owners
    }

    /// From rows of ``columns``, in their order; the names are read beside them.
    func records(_ rows: [StoredRow]) throws -> [TenantRecord] {
        let aliases = try aliases(of: rows.map { row throws(DirectoryError) in try row.tenantID(0) })
        return try rows.map { row in
            let id = try row.tenantID(0)
            return TenantRecord(
                id: id, aliases: aliases[id] ?? [], state: try row.name(1),
                placement: Placement(region: try row.region(2), epoch: try row.number(3), state: try row.name(4)),
                hostRealm: try row.optionalRegion(5), hostBaseURL: try row.optionalText(6),
                product: try row.optionalText(7), cloudID: try row.optionalText(8), secret: try row.optionalBytes(9),
                previousSecret: try row.optionalBytes(10), previousSecretUntil: try row.optionalNumber(11),
                sequence: try row.number(12), installedAt: try row.number(13), updatedAt: try row.number(14),
                uninstalledAt: try row.optionalNumber(15), disputedEpoch: try row.optionalNumber(16))
        }
    }

    private func aliases(of ids: [TenantID]) throws -> [TenantID: [TenantAlias]] {
        var aliases: [TenantID: [TenantAlias]] = [:]
        for part in ids.parts(of: Self.keysAtOnce) {
            let marks = Self.marks(part.count)
            let rows = try rows(
                "SELECT tenant_id, framework, app, name FROM tenant_aliases WHERE tenant_id IN (\(marks))",
                part.map { SQLValue($0) })
            for row in rows { aliases[try row.tenantID(0), default: []].append(try row.alias(from: 1)) }
        }
        return aliases.mapValues { $0.sorted(by: Self.isOrdered) }
    }

    /// Databases differ in how they order texts; records are the same whichever holds them.
    static func isOrdered(_ left: TenantAlias, _ right: TenantAlias) -> Bool {
        (left.framework.rawValue, left.app, left.name) < (right.framework.rawValue, right.app, right.name)
    }

    static func marks(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }

    /// What is written of a record, in the order of ``values(_:sequence:)``.
    static let writtenColumns = [
        "state", "region", "epoch", "placement_state", "host_realm", "displaced", "host_base_url", "product",
        "cloud_id", "secret", "previous_secret", "previous_secret_until", "seq", "installed_at", "updated_at",
        "uninstalled_at", "disputed_epoch", "id",
    ]
    private static let insertion = """
        INSERT INTO tenants (\(writtenColumns.joined(separator: ", "))) VALUES (\(marks(writtenColumns.count)))
        """
    private static let replacement = """
        UPDATE tenants SET \(writtenColumns.dropLast().map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?
        """

    /// Adds a record and its names. The names must be free.
    func insert(_ record: TenantRecord, number: Int) {
        for alias in record.aliases { insert(alias, of: record.id) }
        add(Self.insertion, values(record, sequence: .change(number)))
    }

    /// Writes all of a record but its names.
    /// - Parameter before: the record as it was read in this transaction.
    func update(_ record: TenantRecord, before: TenantRecord, number: Int) throws {
        try before.checkSuccessor(record)
        add(Self.replacement, values(record, sequence: .change(number)))
    }

    func values(_ record: TenantRecord, sequence: SQLValue) -> [SQLValue] {
        [
            .text(record.state.rawValue), .text(record.placement.region.code), .integer(record.placement.epoch),
            .text(record.placement.state.rawValue), SQLValue(record.hostRealm?.code),
            .integer(record.isDisplaced ? 1 : 0), SQLValue(record.hostBaseURL), SQLValue(record.product),
            SQLValue(record.cloudID), SQLValue(record.secret), SQLValue(record.previousSecret),
            SQLValue(record.previousSecretUntil), sequence, .integer(record.installedAt),
            .integer(record.updatedAt), SQLValue(record.uninstalledAt), SQLValue(record.disputedEpoch),
            SQLValue(record.id),
        ]
    }

    func insert(_ alias: TenantAlias, of id: TenantID) {
        add(
            "INSERT INTO tenant_aliases (framework, app, name, tenant_id) VALUES (?, ?, ?, ?)",
            values(alias) + [SQLValue(id)])
    }

    func remove(_ alias: TenantAlias) {
        add("DELETE FROM tenant_aliases WHERE framework = ? AND app = ? AND name = ?", values(alias))
    }

    func values(_ alias: TenantAlias) -> [SQLValue] {
        [.text(alias.framework.rawValue), .text(alias.app), .text(alias.name)]
    }
}

extension Array {
    /// The array in pieces of at most so many elements.
    fileprivate func parts(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
