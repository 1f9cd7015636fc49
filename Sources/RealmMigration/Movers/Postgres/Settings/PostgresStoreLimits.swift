/// Bounds of what the mover does to an app's database.
package struct PostgresStoreLimits: Sendable, Equatable {
    /// Connections to one database at a time.
    package var sessions = 12
    /// For making a connection.
    package var connectTimeout = Duration.seconds(5)
    /// For a statement that is not the copy of a table, the comparison of one or the deletion of rows.
    package var statementTimeout = Duration.seconds(10)
    /// For those.
    package var longStatementTimeout = Duration.seconds(3_600)
    /// The server ends a transaction of the mover's that sends nothing for so long: the node behind it stands still,
    /// and others wait for what it holds (H38).
    package var idleInTransactionTimeout = Duration.seconds(1)
    /// How long a statement that changes tables may stand before all tenants of a table (H28); then it is tried again.
    package var schemaLockTimeout = Duration.milliseconds(50)
    /// For how long it is tried.
    package var schemaPatience = Duration.seconds(120)
    /// For making a replication slot, which waits for every transaction that has written.
    package var slotPatience = Duration.seconds(60)
    /// Log that a slot may hold back, in bytes. Past it the move is given up.
    package var logBudget: Int64 = 8 << 30
    /// A table that cannot be followed is copied in the pause of a live move up to so many rows.
    package var pauseRows: Int64 = 10_000
    /// By how much sequences of the target are set ahead of the source's before the pause.
    package var sequenceMargin: Int64 = 1_000

    package init() {}
}
