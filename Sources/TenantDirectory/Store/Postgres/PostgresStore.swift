import Synchronization
package import struct Foundation.Date

/// The global store: one PostgreSQL database, or one that speaks its dialect, for the nodes of all regions.
///
/// 1. A change is committed when its call returns. Where the connection breaks during the commit, the call throws, and
///    says that the change may have been made.
/// 2. Every wait has an end: on the server by its time-outs, and here by those of the connection.
/// 3. Whole transactions are repeated where the server asks for it, and on a new connection where an idle one has died.
/// 4. Nothing is done at its making; the first call makes or checks the tables. See also ``prepare()``.
package final class PostgresStore: DirectoryDatabase, SessionStore {
    /// How often a transaction is tried.
    private static let attempts = 10
    /// Before the second try, at most; twice as long before each further one, up to the longest.
    private static let firstPause = Duration.milliseconds(4)
    private static let longestPause = Duration.milliseconds(200)

    /// `postgresql://host:port/database`: what people may see of the URL.
    package var name: String { pool.address.name }
    /// What tells of changes by other nodes at once, where the database can; see ``PostgresListener``.
    package let listener: PostgresListener?
    let pool: PostgresPool
    let sealer: SecretSealer
    private let now: @Sendable () -> Date
    private let isPrepared = Mutex(false)

    /// - Throws: `.unavailable` for a URL that cannot be read.
    package init(
        _ settings: PostgresSettings, sealer: SecretSealer, now: @escaping @Sendable () -> Date = { Date() }
    ) throws(DirectoryError) {
        let address = try PostgresAddress(settings.url)
        pool = PostgresPool(settings, address: address)
        listener = PostgresListener(settings, address: address)
        self.sealer = sealer
        self.now = now
    }

    /// Makes or checks the tables, at the start of a process.
    /// - Throws: `.newerSchema`, `.wrongKey`, `.notADirectory`, `.unavailable`.
    package func prepare() async throws(DirectoryError) { try await perform { _ in } }

    /// Whether the tables are there; changes nothing.
    package func exists() async throws(DirectoryError) -> Bool {
        try await perform(preparing: false) { connection in try await connection.hasTables() }
    }

    /// Looks whether the tables answer; the server looks after its disk itself.
    package func verify() async throws(DirectoryError) { _ = try await lastSequence() }

    /// Ends all use of the database. Calls after it throw `.unavailable`.
    package func close() { pool.close() }

    // MARK: Running

    func read<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Value)
        async throws(DirectoryError) -> Value
    {
        let (sealer, now) = (sealer, now().milliseconds)
        return try await perform { connection in try await connection.read(sealer: sealer, now: now, body) }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Change<Value>)
        async throws(DirectoryError) -> Value
    {
        let (sealer, now) = (sealer, now().milliseconds)
        return try await perform { connection in
            let (value, isChanged) = try await connection.write(sealer: sealer, now: now, body)
            if isChanged { await connection.tell() }
            return value
        }
    }

    /// Runs a call on a connection, again where that may help.
    func perform<Value: Sendable>(
        preparing: Bool = true, _ body: (PostgresConnection) async throws -> Value
    ) async throws(DirectoryError) -> Value {
        for attempt in 1... {
            do {
                return try await pool.use { connection in
                    if preparing { try await prepare(connection) }
                    return try await body(connection)
                }
            } catch let error as DirectoryError {
                throw error
            } catch let failure as PostgresFailure {
                guard failure.isRepeatable, attempt < Self.attempts, !Task.isCancelled else {
                    throw failure.directoryError(name)
                }
                let longest = min(Self.firstPause * (1 << (attempt - 1)), Self.longestPause)
                // A caller that is cancelled is told at the next turn.
                if failure.kind == .statement { try? await Task.sleep(for: longest * Double.random(in: 0.2...1)) }
            } catch {
                throw DirectoryError(.unavailable, "The directory \(name) cannot be used.", cause: error)
            }
        }
        throw DirectoryError(.busy, "The directory \(name) cannot be used.")
    }

    private func prepare(_ connection: PostgresConnection) async throws {
        guard !isPrepared.withLock({ $0 }) else { return }
        let (name, ring, now) = (name, sealer.ring, now().milliseconds)
        try await connection.prepare(name: name, ring: ring, now: now)
        isPrepared.withLock { $0 = true }
    }
}

extension PostgresConnection {
    /// See ``PostgresSchema/prepare()``.
    func prepare(name: String, ring: KeyRing, now: Int64) throws {
        try withHandle { try PostgresSchema(handle: $0, name: name, ring: ring, now: now).prepare() }
    }

    /// Whether the directory's tables are there.
    func hasTables() throws -> Bool {
        try withHandle { handle in
            do {
                _ = try handle.run("SELECT seq FROM feed_counter WHERE id = 1", [])
                return true
            } catch let failure as PostgresFailure where failure.sqlState == "42P01" {
                return false
            }
        }
    }
}
