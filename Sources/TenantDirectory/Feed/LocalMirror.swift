package import Foundation
import GRDB
import Synchronization

/// A node's own copy of the directory, so that it starts and serves while that is out of reach.
///
/// 1. It is written by the reader of the feed alone, a page a transaction, and is on disk when the call returns.
/// 2. Secrets stay sealed in it. Nothing is loaded at start: records are read one by one when they are asked for.
/// 3. It knows when the directory last confirmed it and whether the node's row stood then; from both follows whether it
///    may be served from (``MirrorState/refusal(now:maxAge:)``).
/// 4. One process at a time uses it; a lock beside it names the processes it stands for.
package final class LocalMirror: Sendable {
    let path: String
    /// Where an earlier file lies that was damaged; `nil` where there was none.
    package let setAside: String?
    let pool: DatabasePool
    private let lock: MirrorLock
    private let sealer: SecretSealer
    private let now: @Sendable () -> Date
    private let known: Mutex<MirrorState>

    /// Opens the file, or makes it. Reads and writes on the calling thread: for the start of a process.
    /// - Throws: `.conflict` where another process uses it, `.notADirectory` for a foreign file, `.wrongKey`,
    ///   `.newerSchema`, `.unavailable`.
    package init(path: String, node: String, sealer: SecretSealer, now: @escaping @Sendable () -> Date = { Date() })
        throws(DirectoryError)
    {
        self.path = path
        self.sealer = sealer
        self.now = now
        lock = try MirrorLock(path: path + ".lock")
        (pool, setAside) = try MirrorFile.open(path, node: node, ring: sealer.ring, now: now())
        do {
            let state = try pool.read { try Self.readState($0) } ?? MirrorState(node: node)
            // The mirror of another node is a copy of the directory as good as any, but no row stands for it.
            if state.node == node {
                known = Mutex(state)
            } else {
                var own = state
                own.node = node
                own.rowStands = false
                known = Mutex(own)
                try lock.setNames([])
            }
        } catch { throw SQLiteFailure.directoryError(error, path: path) }
    }

    /// Ends all use of the file, but not of its lock.
    package func close() { try? pool.close() }

    var state: MirrorState { known.withLock { $0 } }

    /// Why nothing may be served from it without the directory; `nil` where it may.
    package func refusal(maxAge: Duration) -> String? {
        state.refusal(now: now().milliseconds, maxAge: maxAge.milliseconds)
    }

    /// How long ago the directory has confirmed it.
    var confirmedAge: Duration {
        .milliseconds(max(0, now().milliseconds - (state.confirmedAt ?? 0)))
    }

    // MARK: Rows it stands for

    /// The processes whose rows this mirror stands for.
    package var incarnations: Set<String> { Set(lock.names()) }

    /// Names a process before it registers, so that its row can be replaced after a crash at any moment.
    package func add(_ incarnation: String) throws(DirectoryError) {
        try lock.setNames(lock.names().filter { $0 != incarnation } + [incarnation])
    }

    /// The process's row stands, and those of all before it are gone.
    package func noteRow(_ incarnation: String) async throws(DirectoryError) {
        try await write { _, _, state in state.rowStands = true }
        try lock.setNames([incarnation])
    }

    /// The node's row is about to go, or is gone: nothing is served from the mirror until the directory has been asked.
    package func noteNoRow() async throws(DirectoryError) { try await write { _, _, state in state.rowStands = false } }

    // MARK: Reading

    /// The record behind a key; `nil` where the mirror has none, which says nothing about the directory.
    package func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        try await read { try $0.record(key)?.opened($0.sealer) }
    }

    /// Ids of disputed tenants, and the epochs that were known; at most `limit`.
    func disputed(limit: Int) async throws(DirectoryError) -> [(id: TenantID, knownEpoch: Int64)] {
        try await read { session in
            try session.disputed(limit: limit).compactMap { id in
                try session.record(id)?.disputedEpoch.map { (id, $0) }
            }
        }
    }

    /// The feed as far as the mirror has it, for other nodes.
    /// - Throws: `.busy` while it does not hold the whole directory.
    func feed(after position: FeedPosition, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        guard state.isComplete, !state.isScanning else {
            throw DirectoryError(.busy, "The mirror of this node does not hold the whole directory yet.")
        }
        return try await read { try $0.feed(after: position, limit: limit) }
    }

    // MARK: Writing

    /// Takes a page of the feed.
    /// - Parameters:
    ///   - isFirstOfAll: whether it is the first page of a reading of everything.
    /// - Returns: the page's records as they are held now, and which of them are disputed by what was held before.
    func take(_ page: FeedPage, isFirstOfAll: Bool) async throws(DirectoryError) -> MirrorWriter.Outcome {
        try await write { database, session, state in
            try MirrorWriter(database: database, session: session)
                .take(page, isFirstOfAll: isFirstOfAll, into: &state)
        }
    }

    /// The directory has confirmed what the mirror holds, and the node's row, so long ago.
    package func confirm(age: Duration) async throws(DirectoryError) {
        let time = now().milliseconds - age.milliseconds
        try await write { _, _, state in state.confirmedAt = time }
    }

    /// See ``DirectoryStore/prune()``.
    func prune() async throws(DirectoryError) -> Bool {
        try await write { _, session, _ in
            let change = try session.prune()
            for statement in session.plainWrites { try session.execute(statement.text, statement.values) }
            return change.answer(0)
        }
    }

    // MARK: Running

    private func read<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Value)
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
        do { return try result.get() } catch { throw SQLiteFailure.directoryError(error, path: path) }
    }

    /// Runs a transaction. What the mirror knows of itself is read and written in it too, one transaction after the
    /// other.
    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database, StoreSession, inout MirrorState) throws -> Value
    ) async throws(DirectoryError) -> Value {
        let (pool, sealer, now) = (pool, sealer, now().milliseconds)
        let result = await withCheckedContinuation { continuation in
            pool.asyncWrite { [self] database in
                let session = StoreSession(
                    runner: SQLiteRunner(database: database), sealer: sealer, now: now, isWriting: true)
                var state = state
                let value = try body(database, session, &state)
                try Self.write(state, database)
                return (value, state)
            } completion: { [self] _, result in
                if case .success(let written) = result { known.withLock { $0 = written.1 } }
                continuation.resume(returning: result.map(\.0))
            }
        }
        do { return try result.get() } catch { throw SQLiteFailure.directoryError(error, path: path) }
    }

    private static func readState(_ database: Database) throws -> MirrorState? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM mirror WHERE id = 1") else { return nil }
        var position: FeedPosition?
        if let sequence: Int64 = row["position_seq"] {
            position = FeedPosition(sequence: sequence, id: row["position_id"] ?? "")
        }
        return MirrorState(
            position: position, isComplete: row["is_complete"], isScanning: row["is_scanning"],
            generation: row["generation"], confirmedAt: row["confirmed_at"], rowStands: row["row_stands"],
            node: row["node"])
    }

    private static func write(_ state: MirrorState, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO mirror (id, node, position_seq, position_id, is_complete, is_scanning, \
                generation, confirmed_at, row_stands) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                state.node, state.position?.sequence, state.position?.id, state.isComplete, state.isScanning,
                state.generation, state.confirmedAt, state.rowStands,
            ])
    }
}
