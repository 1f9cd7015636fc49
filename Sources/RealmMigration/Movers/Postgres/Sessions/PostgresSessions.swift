import Synchronization
import TenantDirectory

/// Sessions with one region's database, as many as the limits allow. Idle ones are used again.
final class PostgresSessions: Sendable {
    private struct State {
        var idle: [PostgresSession] = []
        var count = 0
        var isClosed = false
    }

    /// Idle sessions that are kept.
    private static let kept = 4
    /// How long a caller waits for one of the others to end, and how often it looks.
    private static let patience = Duration.seconds(10)
    private static let look = Duration.milliseconds(20)

    private let settings: PostgresSessionSettings
    private let limit: Int
    private let state = Mutex(State())

    init(_ settings: PostgresSessionSettings, limit: Int) {
        self.settings = settings
        self.limit = limit
    }

    /// Runs `body` on a session that is its own until it ends. What it leaves of a transaction is undone.
    /// - Throws: ``PostgresSessionError``, and what `body` throws.
    func use<Value>(_ body: (PostgresSession) async throws -> Value) async throws -> Value {
        let session = try await take()
        do {
            let value = try await body(session)
            await giveBack(session)
            return value
        } catch {
            await session.rollback()
            await giveBack(session)
            throw error
        }
    }

    /// Runs `body` on a session that is made for it, and ended with it.
    /// - Throws: ``PostgresSessionError``, and what `body` throws.
    func useNew<Value>(_ body: (PostgresSession) async throws -> Value) async throws -> Value {
        let session = PostgresSession(settings)
        do {
            try await session.open()
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    /// A session that its caller keeps; ``release(_:)`` ends it.
    func take() async throws -> PostgresSession {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let (idle, isMine) = state.withLock { state -> (PostgresSession?, Bool) in
                if let idle = state.idle.popLast() { return (idle, true) }
                guard !state.isClosed, state.count < limit else { return (nil, false) }
                state.count += 1
                return (nil, true)
            }
            if let idle {
                if await idle.isIdle, await isAlive(idle) { return idle }
                await release(idle)
                continue
            }
            if isMine { return try await make() }
            guard ContinuousClock.now < deadline, !state.withLock({ $0.isClosed }) else {
                throw PostgresSessionError(.unreachable, words: "all \(limit) sessions with the store are in use")
            }
            try await Task.sleep(for: Self.look)
        }
    }

    /// Ends a session that ``take()`` gave.
    func release(_ session: PostgresSession) async {
        await session.close()
        state.withLock { $0.count -= 1 }
    }

    /// Ends all that are idle, and makes no more.
    func close() async {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for session in idle { await release(session) }
    }

    private func make() async throws -> PostgresSession {
        let session = PostgresSession(settings)
        do {
            try await session.open()
            return session
        } catch {
            state.withLock { $0.count -= 1 }
            throw error
        }
    }

    /// A server that was started anew has forgotten a session that looks open.
    private func isAlive(_ session: PostgresSession) async -> Bool {
        do throws(PostgresSessionError) {
            try await session.run("SELECT 1")
            return true
        } catch { return false }
    }

    private func giveBack(_ session: PostgresSession) async {
        let isIdle = await session.isIdle
        let isKept = state.withLock { state in
            guard isIdle, !state.isClosed, state.idle.count < Self.kept else { return false }
            state.idle.append(session)
            return true
        }
        if !isKept { await release(session) }
    }
}
