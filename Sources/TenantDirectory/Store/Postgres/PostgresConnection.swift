/// One connection, and the thread that waits for it. A statement that takes too long is given up by closing it.
actor PostgresConnection {
    private let executor = ConnectionExecutor()
    private let settings: PostgresSettings
    private let address: PostgresAddress
    private var handle: PostgresHandle?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ settings: PostgresSettings, address: PostgresAddress) {
        self.settings = settings
        self.address = address
    }

    /// - Throws: ``PostgresFailure`` of kind `unreachable`.
    func open() throws { handle = try PostgresHandle(settings, address: address) }

    /// Whether it may serve another call.
    var isReusable: Bool { handle?.isIdle == true }

    /// Runs reads that see one state of the directory.
    /// - Throws: ``PostgresFailure``, and what `body` throws.
    func read<Value: Sendable>(
        sealer: SecretSealer, now: Int64, _ body: @Sendable (StoreSession) throws -> Value
    ) throws -> Value {
        let handle = try opened()
        let runner = PostgresRunner(handle: handle)
        return try transaction(handle, PostgresStatements.beginReading) {
            let value = try body(StoreSession(runner: runner, sealer: sealer, now: now, isWriting: false))
            _ = try handle.runScript(PostgresStatements.commit)
            return value
        }
    }

    /// Runs a change, and returns when it is committed.
    /// - Throws: ``PostgresFailure``, and what `body` throws; nothing is written then, unless the failure's kind is
    ///   `commit`.
    func write<Value: Sendable>(
        sealer: SecretSealer, now: Int64, _ body: @Sendable (StoreSession) throws -> Change<Value>
    ) throws -> (value: Value, isChanged: Bool) {
        let handle = try opened()
        let runner = PostgresRunner(handle: handle)
        return try transaction(handle, PostgresStatements.beginWriting) {
            let session = StoreSession(runner: runner, sealer: sealer, now: now, isWriting: true)
            let change = try body(session)
            let first = try runner.finish(session)
            return (change.answer(first), session.changeCount > 0)
        }
    }

    /// Lets other nodes know that there is something new.
    func tell() { handle?.sendUnread(PostgresHints.tell) }

    /// Asks the server to tell of changes.
    func listen() throws { _ = try opened().runScript(PostgresHints.listen) }

    /// Waits until another node tells of a change, or `wake` is readable.
    func waitForChange(wake: Int32) throws -> Bool { try opened().waitForNotification(wake: wake) }

    /// For what is no ordinary transaction: the schema.
    func withHandle<Value: Sendable>(_ body: (PostgresHandle) throws -> Value) throws -> Value { try body(opened()) }

    private func opened() throws -> PostgresHandle {
        guard let handle, !handle.isClosed else { throw PostgresFailure(.connection) }
        return handle
    }

    private func transaction<Value>(_ handle: PostgresHandle, _ begin: String, _ body: () throws -> Value) throws
        -> Value
    {
        _ = try handle.runScript(begin)
        do {
            return try body()
        } catch {
            handle.rollback()
            throw error
        }
    }
}
