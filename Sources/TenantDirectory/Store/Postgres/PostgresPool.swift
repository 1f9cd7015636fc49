import Dispatch
import Synchronization

/// The connections of a store: does what ``PostgresPoolMachine`` says. A call makes its connection itself where it is
/// told to, so nothing runs beside the calls.
final class PostgresPool: Sendable {
    private struct State {
        var machine: PostgresPoolMachine
        var connections: [Int: PostgresConnection] = [:]
        var waiters: [Int: CheckedContinuation<PostgresPoolMachine.Answer, Never>] = [:]
        /// Answers to waiters that have not begun to wait.
        var early: [Int: PostgresPoolMachine.Answer] = [:]
        /// Why there was no connection the last time.
        var lastFailure: PostgresFailure?
    }

    private let settings: PostgresSettings
    let address: PostgresAddress
    private let state: Mutex<State>
    /// Ends the waiting of those who wait too long.
    private let queue = DispatchQueue(label: "directory.pool")

    init(_ settings: PostgresSettings, address: PostgresAddress) {
        self.settings = settings
        self.address = address
        state = Mutex(
            State(
                machine: PostgresPoolMachine(
                    size: settings.poolSize, queueLength: settings.queueLength, patience: settings.statementTimeout)))
    }

    /// Runs a call on a connection that is its own until it ends.
    /// - Throws: ``PostgresFailure``, ``DirectoryError`` where there is no connection for it, and what `body` throws.
    func use<Value: Sendable>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        let (number, connection) = try await acquire()
        do {
            let value = try await body(connection)
            await release(number, connection)
            return value
        } catch {
            await release(number, connection)
            throw error
        }
    }

    /// Lets go of all connections, once the calls on them have ended. Calls after it are refused.
    func close() { apply { $0.machine.close() } }

    /// How many connections there are.
    var count: Int { state.withLock { $0.machine.count } }

    private func acquire() async throws -> (Int, PostgresConnection) {
        var answer = state.withLock { $0.machine.acquire(now: .now) }
        if case .wait(let waiter) = answer { answer = await wait(waiter) }
        switch answer {
        case .granted(.use(let number)):
            guard let connection = state.withLock({ $0.connections[number] }) else {
                throw PostgresFailure(.connection)
            }
            return (number, connection)
        case .granted(.make(let number)): return (number, try await make(number))
        case .refused(let refusal): throw error(refusal)
        // Never the answer to who has waited.
        case .wait: throw error(.full)
        }
    }

    private func make(_ number: Int) async throws -> PostgresConnection {
        let connection = PostgresConnection(settings, address: address)
        do {
            try await connection.open()
        } catch {
            apply { state in
                state.lastFailure = error as? PostgresFailure
                return state.machine.failed(number, now: .now, jitter: .random(in: 0...1))
            }
            throw error
        }
        apply { state in
            state.connections[number] = connection
            return state.machine.made(number, now: .now)
        }
        return connection
    }

    private func release(_ number: Int, _ connection: PostgresConnection) async {
        let isReusable = await connection.isReusable
        apply { $0.machine.release(number, isReusable: isReusable, now: .now) }
    }

    private func wait(_ waiter: Int) async -> PostgresPoolMachine.Answer {
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(settings.statementTimeout.milliseconds) + 1)) {
            [weak self] in self?.apply { $0.machine.expire(now: .now) }
        }
        return await withCheckedContinuation { continuation in
            let early = state.withLock { state in
                guard let early = state.early.removeValue(forKey: waiter) else {
                    state.waiters[waiter] = continuation
                    return PostgresPoolMachine.Answer?.none
                }
                return early
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    private func apply(_ event: (inout State) -> PostgresPoolMachine.Effects) {
        typealias Resumption = (CheckedContinuation<PostgresPoolMachine.Answer, Never>, PostgresPoolMachine.Answer)
        let (resumptions, _) = state.withLock { state in
            let effects = event(&state)
            var resumptions: [Resumption] = []
            for told in effects.told {
                if let waiter = state.waiters.removeValue(forKey: told.waiter) {
                    resumptions.append((waiter, told.answer))
                } else {
                    state.early[told.waiter] = told.answer
                }
            }
            // The last reference closes a connection: after the lock.
            return (resumptions, effects.dropped.compactMap { state.connections.removeValue(forKey: $0) })
        }
        for (waiter, answer) in resumptions { waiter.resume(returning: answer) }
    }

    private func error(_ refusal: PostgresPoolMachine.Refusal) -> any Error {
        switch refusal {
        case .closed: DirectoryError(.unavailable, "The directory \(address.name) is closed.")
        case .away: state.withLock { $0.lastFailure } ?? PostgresFailure(.unreachable)
        case .full, .late:
            DirectoryError(
                .busy,
                "Too many calls wait for a connection to the directory \(address.name). Try again, or give it more "
                    + "with directory.poolSize.")
        }
    }
}
