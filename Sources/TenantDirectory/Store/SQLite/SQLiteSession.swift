import GRDB

/// The statements of one transaction. Everything it does is plain SQL that other databases read alike.
struct SQLiteSession {
    let database: Database
    let sealer: SecretSealer
    /// The time of the transaction, in milliseconds since 1970.
    let now: Int64

    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
        let statement = try database.cachedStatement(sql: sql)
        try statement.execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> StoredRow? {
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchOne(statement, arguments: arguments).map(StoredRow.init)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [StoredRow] {
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchAll(statement, arguments: arguments).map(StoredRow.init)
    }

    /// Takes the next numbers of the change feed. Other writers wait from here until the transaction ends, so only the
    /// rows that carry the numbers are written after it.
    /// - Returns: the first of them.
    func takeNumbers(_ count: Int = 1) throws -> Int64 {
        let taken = try row("UPDATE feed_counter SET seq = seq + ? WHERE id = 1 RETURNING seq", [count])
        guard let last = try taken?.number(0) else {
            throw DirectoryError(
                .notADirectory, "The directory is damaged: its change counter is gone. Restore the file from a backup.")
        }
        return last - Int64(count) + 1
    }

    func audit(_ number: Int64, _ tenant: TenantID, actor: String, _ action: String, _ detail: String) throws {
        try execute(
            "INSERT INTO audit (seq, at, tenant_id, actor, action, detail) VALUES (?, ?, ?, ?, ?, ?)",
            [number, now, tenant.description, actor, action, detail])
    }
}
