/// A session of one's own with a PostgreSQL database, for what no pool serves: transactions that a caller steers,
/// rows in and out by COPY, replication.
///
/// 1. Everything happens in order, on a thread of the session's own.
/// 2. Every wait has an end; past it the session is closed, and the server undoes what was not committed.
/// 3. After a refusal within a transaction only its end is accepted; ``rollback()`` or closing is the caller's.
package actor PostgresSession {
    private let executor = ConnectionExecutor()
    private let settings: PostgresSessionSettings
    private var handle: PostgresHandle?

    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Nothing is done before ``open()``.
    package init(_ settings: PostgresSessionSettings) { self.settings = settings }

    /// - Throws: `.unreachable`, or what the set-up was refused with.
    package func open() throws(PostgresSessionError) {
        try perform {
            let address: PostgresAddress
            do throws(DirectoryError) {
                address = try PostgresAddress(String(decoding: settings.url.bytes, as: UTF8.self))
            } catch { throw PostgresSessionError(.unreachable, words: "the URL of the store cannot be read") }
            var parameters = [("application_name", settings.applicationName)]
            if settings.isReplicating { parameters.append(("replication", "database")) }
            let handle = try PostgresHandle(settings.connection, address: address, parameters: parameters)
            self.handle = handle
            if !settings.setUp.isEmpty {
                _ = try handle.replies(settings.setUp.joined(separator: ";\n"), within: patience(nil))
            }
        }
    }

    /// Ends the session; the server undoes what was not committed.
    package func close() {
        handle?.close()
        handle = nil
    }

    /// Whether it is open, and in no transaction.
    package var isIdle: Bool { handle?.isIdle == true }

    /// Runs statements that travel as one message: a transaction of their own, unless they say otherwise.
    /// - Parameter time: past it the session is closed; `nil` for what a statement may take. The server's own bound
    ///   is the session's, or what the statements set.
    /// - Returns: the answer to each.
    @discardableResult
    package func run(_ sql: String, within time: Duration? = nil) throws(PostgresSessionError) -> [PostgresReply] {
        try perform { try opened().replies(sql, within: patience(time)) }
    }

    /// Leaves a transaction; where that fails, the session is closed.
    package func rollback() {
        guard let handle, !handle.isClosed, !handle.isIdle else { return }
        if (try? handle.replies("ROLLBACK", within: patience(nil))) == nil { close() }
    }

    /// Begins a `COPY … TO STDOUT`, whose rows ``copyPart(limit:within:)`` reads.
    package func startCopyOut(_ sql: String, isBinary: Bool, within time: Duration) throws(PostgresSessionError) {
        try perform { try opened().startCopyOut(sql, isBinary: isBinary, within: time) }
    }

    /// The next rows, up to so many bytes, unless one alone is larger.
    package func copyPart(limit: Int, within time: Duration) throws(PostgresSessionError) -> PostgresCopyPart {
        try perform { try opened().copyPart(limit: limit, within: time) }
    }

    /// Runs a `COPY … FROM STDIN` with these bytes.
    /// - Returns: the number of rows.
    package func copyIn(
        _ sql: String, _ parts: [[UInt8]], within time: Duration? = nil
    ) throws(PostgresSessionError) -> Int64 {
        try perform { try opened().copyIn(sql, parts, within: patience(time)) }
    }

    /// Begins a `START_REPLICATION`.
    package func startReplication(_ command: String) throws(PostgresSessionError) {
        try perform { try opened().startReplication(command, within: patience(nil)) }
    }

    /// What the stream has brought, up to so many bytes; waits for something, for so long.
    package func receive(limit: Int, wait: Duration) throws(PostgresSessionError) -> [ReplicationMessage] {
        try perform { try opened().receive(limit: limit, wait: wait) }
    }

    /// Tells the server that everything before this position is durable.
    package func report(_ position: UInt64) throws(PostgresSessionError) {
        try perform { try opened().report(position, within: patience(nil)) }
    }

    private func opened() throws(PostgresSessionError) -> PostgresHandle {
        guard let handle, !handle.isClosed else {
            throw PostgresSessionError(.connection, words: "the session is closed")
        }
        return handle
    }

    /// The server's clock comes first.
    private func patience(_ time: Duration?) -> Duration { (time ?? settings.statementTimeout) + .seconds(2) }

    private func perform<Value>(_ body: () throws -> Value) throws(PostgresSessionError) -> Value {
        do {
            return try body()
        } catch let error as PostgresSessionError {
            throw error
        } catch let failure as PostgresFailure {
            throw PostgresSessionError(failure)
        } catch {
            throw PostgresSessionError(.connection, words: "\(error)")
        }
    }
}
