import CLibCurl
import Synchronization

/// What callers and the loop's thread share: commands in order, and who is under way.
final class OutboundQueue: Sendable {
    typealias ID = UInt64

    /// What the loop has to do next.
    enum Command {
        case start(OutboundTransfer)
        case cancel(ID)
    }

    private struct State {
        var lastID: ID = 0
        var commands: [Command] = []
        /// Handed in and not yet answered.
        var known: Set<ID> = []
        /// Cancelled before they were handed in.
        var cancelledEarly: Set<ID> = []
        var isStopped = false
        /// Wakes the loop out of its poll; there while the loop runs.
        var wake: Wake?
    }

    /// The loop's multi handle as other threads may use it: for `curl_multi_wakeup` alone.
    struct Wake: @unchecked Sendable {
        // Guarded by the queue's mutex: the loop takes it back before it frees the handle.
        let multi: UnsafeMutableRawPointer
    }

    private let state = Mutex(State())
    private let maxInFlight: Int

    init(maxInFlight: Int) { self.maxInFlight = maxInFlight }

    func nextID() -> ID {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands a call to the loop, or answers it at once where it cannot be made.
    func enqueue(_ transfer: OutboundTransfer) {
        let refusal: OutboundError? = state.withLock { state in
            if state.cancelledEarly.remove(transfer.id) != nil {
                return OutboundError(.cancelled, "the call to \(transfer.origin) was cancelled")
            }
            if state.isStopped {
                return OutboundError(.stopped, "no call to \(transfer.origin): the gateway is stopping")
            }
            if state.known.count >= maxInFlight {
                return OutboundError(
                    .busy, "no call to \(transfer.origin): \(maxInFlight) calls are under way; try again later")
            }
            state.known.insert(transfer.id)
            state.commands.append(.start(transfer))
            Self.wakeUp(state)
            return nil
        }
        if let refusal { transfer.finish(.failure(refusal)) }
    }

    func cancel(_ id: ID) {
        state.withLock { state in
            guard state.known.contains(id) else {
                state.cancelledEarly.insert(id)
                return
            }
            state.commands.append(.cancel(id))
            Self.wakeUp(state)
        }
    }

    /// After a call was answered: nothing of it stays behind.
    func forget(_ id: ID) {
        _ = state.withLock { $0.cancelledEarly.remove(id) }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            Self.wakeUp(state)
        }
    }

    // MARK: The loop's side

    func attach(_ wake: Wake?) { state.withLock { $0.wake = wake } }

    /// The commands since the last time, and whether to end after them.
    func take() -> (commands: [Command], isStopped: Bool) {
        state.withLock { state in
            defer { state.commands.removeAll() }
            return (state.commands, state.isStopped)
        }
    }

    func answered(_ id: ID) {
        _ = state.withLock { $0.known.remove(id) }
    }

    private static func wakeUp(_ state: borrowing State) {
        if let wake = state.wake { curl_multi_wakeup(wake.multi) }
    }
}
