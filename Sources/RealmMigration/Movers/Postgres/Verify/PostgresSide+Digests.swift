import TenantDirectory

/// Comparing, on either side.
extension PostgresSide {
    /// Where a table's rows are looked for, if not in the table.
    typealias Places = @Sendable (MovedTable) -> String?

    /// - Parameters:
    ///   - places: of rows that wait elsewhere.
    ///   - session: that sees what was copied; `nil` for one of the pool's.
    ///   - checksReferences: foreign keys must lead somewhere, too.
    func digests(
        _ plan: PreparedPlan, of requests: [StoreDigest.Request], key: [UInt8], places: Places = { _ in nil },
        session: PostgresSession? = nil, checksReferences: Bool = false
    ) async throws(MigrationError) -> [StoreDigest] {
        var digests: [StoreDigest] = []
        for request in requests {
            let table = try known(request.table, plan)
            let statements = DigestStatements(table, from: places(table), key: key)
            var rows: Int64 = 0
            var sums = [Int128](repeating: 0, count: DigestStatements.parts)
            for keys in slices(request) {
                let sql = try statements.sums(keys: keys)
                for values in try await read("comparing \(table.title)", sql, session).rows {
                    guard values.count == 3, let part = values[0].flatMap({ Int($0) }), sums.indices.contains(part)
                    else { continue }
                    rows += values[1].flatMap { Int64($0) } ?? 0
                    sums[part] += values[2].flatMap { Int128($0) } ?? 0
                }
            }
            let orphans = checksReferences ? try await orphans(plan, of: request, table).count : 0
            digests.append(
                StoreDigest(table: request.table, rows: rows, sums: sums.map { "\($0)" } + ["\(orphans)"]))
        }
        return digests
    }

    /// Key and hash of each row of a part.
    func rowHashes(
        _ plan: PreparedPlan, of request: StoreDigest.Request, part: Int, key: [UInt8], places: Places = { _ in nil },
        session: PostgresSession? = nil
    ) async throws(MigrationError) -> [String: String] {
        let table = try known(request.table, plan)
        if part == DigestStatements.references {
            let orphans = try await orphans(plan, of: request, table)
            return Dictionary(orphans.map { ($0, "refers to nothing") }, uniquingKeysWith: { first, _ in first })
        }
        let statements = DigestStatements(table, from: places(table), key: key)
        var hashes: [String: String] = [:]
        for keys in slices(request) {
            let sql = try statements.hashes(part: part, keys: keys)
            for values in try await read("comparing rows of \(table.title)", sql, session).rows {
                if values.count == 2, let name = values[0], let hash = values[1] { hashes[name] = hash }
            }
        }
        return hashes
    }

    /// Rows whose foreign keys lead nowhere, with the key's name. Rows that wait for the switch are not looked at, nor
    /// what refers to them.
    private func orphans(_ plan: PreparedPlan, of request: StoreDigest.Request, _ table: MovedTable)
        async throws(MigrationError) -> [String]
    {
        let later = Set(plan.tables.filter(\.isActivating).map(\.title))
        guard !later.contains(table.title) else { return [] }
        let statements = DigestStatements(table, key: [])
        var found: [String] = []
        for keys in slices(request) {
            for sql in try statements.orphans(skipping: later, keys: keys) {
                found += try await read("checking the references of \(table.title)", sql, nil).rows.compactMap {
                    $0.first ?? nil
                }
            }
        }
        return found
    }

    private func known(_ name: String, _ plan: PreparedPlan) throws(MigrationError) -> MovedTable {
        guard let table = plan[name] else {
            throw MigrationError(.schemaChanged, "\(title): \(name) is not among the tables that move.")
        }
        return table
    }

    private func slices(_ request: StoreDigest.Request) -> [ArraySlice<String>?] {
        guard let keys = request.keys else { return [nil] }
        return stride(from: 0, to: keys.count, by: DigestStatements.keysAtOnce).map {
            keys[$0..<min($0 + DigestStatements.keysAtOnce, keys.count)]
        }
    }

    private func read(_ what: String, _ sql: String, _ session: PostgresSession?) async throws(MigrationError)
        -> PostgresReply
    {
        let time = settings.limits.longStatementTimeout
        do {
            if let session { return try await session.run(sql, within: time).last ?? PostgresReply() }
            return try await sessions.use { session in
                try await session.run(long(sql), within: time).dropLast().last ?? PostgresReply()
            }
        } catch { throw migrationError(error, what) }
    }
}
