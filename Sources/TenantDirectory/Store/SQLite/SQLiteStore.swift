import Dispatch
package import Foundation
import GRDB

/// The embedded store: one SQLite file beside the gateway.
///
/// 1. A transaction is on disk when its call returns (`synchronous = FULL`, write-ahead log).
/// 2. Reads and writes run on queues of their own, never on the pool that runs async functions; a caller that is
///    cancelled does not stop what it has begun.
/// 3. Another process (a command beside the gateway) may use the file at the same time; a writer waits for another for
///    at most ``busyTimeout`` seconds.
/// 4. Nothing is loaded at start.
package final class SQLiteStore: DirectoryDatabase, SessionStore {
    /// How long a write waits for that of another process, in seconds.
    static let busyTimeout = 5.0
    /// Readers at a time; further reads wait for one of them.
    static let readerCount = 4
    /// Memory for pages of a process that imports.
    static let importCacheKibibytes = 64 << 10
    /// Pages of 4 KiB in the log before they are copied into the file, in a process that imports: most pages change
    /// with every batch, and are copied once for many.
    static let importLogPages = 16_000

    package var name: String { path }
    package let listener: PostgresListener? = nil
    let path: String
    let pool: DatabasePool
    let sealer: SecretSealer
    private let now: @Sendable () -> Date

    /// Opens the file, or makes it. Reads and writes on the calling thread: for the start of a process.
    /// - Throws: `.notADirectory` for a foreign or damaged file, `.newerSchema`, `.wrongKey`, `.unavailable`.
    package init(path: String, sealer: SecretSealer, now: @escaping @Sendable () -> Date = { Date() })
        throws(DirectoryError)
    {
        self.path = path
        self.sealer = sealer
        self.now = now
        pool = try SQLiteFile.open(path, ring: sealer.ring, now: now())
    }

    /// Whether there is a file with anything in it.
    package static func exists(at path: String) -> Bool {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return (size ?? 0) > 0
    }

    /// Ends all use of the file. Calls after it throw `.unavailable`.
    package func close() { try? pool.close() }

    /// Reads the whole file and looks for damage; takes about a second per gigabyte.
    /// - Throws: `.notADirectory` where there is any.
    package func verify() async throws(DirectoryError) {
        let path = path
        try await read { session in try SQLiteFile.checkIntegrity(session.runner, path: path) }
    }

    /// The file has no clock.
    package func currentTime() async throws(DirectoryError) -> Int64? { nil }

    package func importTenants(_ batch: [ImportedTenant], actor: String) async throws(DirectoryError) -> ImportOutcome {
        for line in batch { try StoreSession.check(line.region) }
        return try await write { session in
            // New ids lie all over the file: without room for its pages each batch reads most of them again.
            try session.execute("PRAGMA cache_size = -\(Self.importCacheKibibytes)")
            try session.execute("PRAGMA wal_autocheckpoint = \(Self.importLogPages)")
            return try session.importTenants(batch, actor: actor)
        }
    }

    // MARK: Running

    func read<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Value)
        async throws(DirectoryError) -> Value
    {
        let (pool, sealer, now) = (pool, sealer, now().milliseconds)
        let result = await withCheckedContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(
                    returning: Result {
                        let runner = SQLiteRunner(database: try database.get())
                        return try body(StoreSession(runner: runner, sealer: sealer, now: now, isWriting: false))
                    })
            }
        }
        return try unwrap(result)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Change<Value>)
        async throws(DirectoryError) -> Value
    {
        let (pool, sealer, now) = (pool, sealer, now().milliseconds)
        let result = await withCheckedContinuation { continuation in
            pool.asyncWrite { database in
                let runner = SQLiteRunner(database: database)
                let session = StoreSession(runner: runner, sealer: sealer, now: now, isWriting: true)
                let change = try body(session)
                return change.answer(try runner.finish(session))
            } completion: { _, result in
                continuation.resume(returning: result)
            }
        }
        return try unwrap(result)
    }

    private func unwrap<Value>(_ result: Result<Value, any Error>) throws(DirectoryError) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw SQLiteFailure.directoryError(error, path: path)
        }
    }
}
