/// Questions about the server, outside of any transaction.
extension PostgresStore {
    /// Needs no tables, and changes nothing.
    package func serverFacts() async throws(DirectoryError) -> DirectoryServerFacts {
        try await perform(preparing: false) { connection in try await connection.serverFacts() }
    }

    package func currentTime() async throws(DirectoryError) -> Int64? {
        try await perform(preparing: false) { connection in try await connection.currentTime() }
    }
}

extension PostgresConnection {
    func serverFacts() throws -> DirectoryServerFacts {
        try withHandle { handle in
            let rows = try handle.run(
                """
                SELECT current_setting('transaction_read_only', true), \
                current_setting('synchronous_standby_names', true), current_setting('synchronous_commit', true)
                """, [])
            return DirectoryServerFacts(
                isReadOnly: try rows.first?.optionalText(0) == "on",
                synchronousStandbys: try rows.first?.optionalText(1),
                synchronousCommit: try rows.first?.optionalText(2))
        }
    }

    func currentTime() throws -> Int64? {
        try withHandle { handle in
            try handle.run("SELECT CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000 AS BIGINT)", []).first?.number(0)
        }
    }
}
