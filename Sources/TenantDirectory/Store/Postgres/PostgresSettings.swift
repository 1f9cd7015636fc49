/// How the PostgreSQL store is reached, and how long it may take.
package struct PostgresSettings: Sendable {
    /// A connection URL (`postgresql://user@host:port/database?sslmode=verify-full`) or libpq's `key=value` form. What
    /// it leaves out comes from libpq's own sources: `PGPASSWORD`, `PGPASSFILE`, `PGSERVICE` and their like.
    package var url: String
    /// Connections at a time.
    package var poolSize = 4
    /// Calls that wait for one of them; past it they are refused.
    package var queueLength = 256
    /// For making a connection, to each host that the URL names; also how long sent data may stay unacknowledged.
    package var connectTimeout = Duration.seconds(5)
    /// For one statement, by the server's clock; a call waits for a connection as long.
    package var statementTimeout = Duration.seconds(5)
    /// For a lock that another transaction holds.
    package var lockTimeout = Duration.seconds(3)
    /// The server ends a transaction that sends nothing for so long: the node behind it stands still.
    package var idleInTransactionTimeout = Duration.seconds(1)

    package init(url: String) { self.url = url }

    /// By how much a statement may be late before its connection is given up: the server's clock comes first.
    var answerTimeout: Duration { statementTimeout + .seconds(2) }
}
