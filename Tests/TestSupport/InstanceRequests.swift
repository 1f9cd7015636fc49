import NIOCore
import Synchronization

/// What happened to an instance, in order, as events that a test can wait for.
final class InstanceRequests: Sendable {
    enum Event: Sendable {
        /// Head and body of a request, as text.
        case request(String)
        /// A connection was closed; the last request that had come on it.
        case closed(after: String)
        /// All bytes of a `/flood` were taken, or the connection broke before they were.
        case flooded(isComplete: Bool)
    }

    private struct Waiting {
        let matches: @Sendable (Event) -> Bool
        let resume: CheckedContinuation<Event, Never>
    }

    private struct State {
        var events: [Event] = []
        var connections = 0
        var waiting: [Waiting] = []
        var later: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    var events: [Event] { state.withLock { $0.events } }
    var connections: Int { state.withLock { $0.connections } }

    func connected() { state.withLock { $0.connections += 1 } }

    func add(_ event: Event) {
        let ready = state.withLock { state in
            state.events.append(event)
            let ready = state.waiting.filter { $0.matches(event) }
            state.waiting.removeAll { $0.matches(event) }
            return ready
        }
        for waiting in ready { waiting.resume.resume(returning: event) }
    }

    func first(where matches: @escaping @Sendable (Event) -> Bool) async -> Event {
        await withCheckedContinuation { continuation in
            let found: Event? = state.withLock { state in
                if let found = state.events.first(where: matches) { return found }
                state.waiting.append(Waiting(matches: matches, resume: continuation))
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    /// Keeps an answer until the test asks for it.
    func keep(_ answer: @escaping @Sendable () -> Void) { state.withLock { $0.later.append(answer) } }

    func answerLater() {
        let answers = state.withLock { state in
            defer { state.later = [] }
            return state.later
        }
        for answer in answers { answer() }
    }
}
