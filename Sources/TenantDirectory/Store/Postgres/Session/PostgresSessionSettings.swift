/// How a session of one's own with a PostgreSQL database is made.
package struct PostgresSessionSettings: Sendable {
    /// A connection URL, as ``PostgresSettings/url``.
    package var url: Secret
    /// What the server lists the session as.
    package var applicationName: String
    /// For making the connection; also how long sent data may stay unacknowledged.
    package var connectTimeout = Duration.seconds(5)
    /// For a statement that says nothing else, by the server's clock.
    package var statementTimeout = Duration.seconds(10)
    package var lockTimeout = Duration.seconds(3)
    /// The server ends a transaction that sends nothing for so long; zero for never.
    package var idleInTransactionTimeout = Duration.seconds(1)
    /// A connection that takes commands of the replication protocol.
    package var isReplicating = false
    /// Statements that are run once the session is there.
    package var setUp: [String] = []

    package init(url: Secret, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }

    var connection: PostgresSettings {
        var settings = PostgresSettings(url: String(decoding: url.bytes, as: UTF8.self))
        settings.connectTimeout = connectTimeout
        settings.statementTimeout = statementTimeout
        settings.lockTimeout = lockTimeout
        settings.idleInTransactionTimeout = idleInTransactionTimeout
        return settings
    }
}
