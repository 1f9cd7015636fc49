import Synchronization

/// What writers were told is written and what readers have seen while a tenant moves, and the rules that it breaks.
package final class WriteBook: Sendable {
    package enum Fault: String, Sendable, CaseIterable {
        /// A write that was acknowledged is not where the tenant is.
        case lost
        case doubled
        /// A read that began after a write was acknowledged has not seen it.
        case stale
        /// Answered by the old region, and begun after the new one had answered.
        case behind
        /// A call that was let in has failed.
        case failed
    }

    /// A moment: later ones are larger.
    package typealias Moment = Int

    private struct State {
        var moment: Moment = 0
        var acknowledged: [String] = []
        var faults: [Fault: String] = [:]
        /// When the new region has first answered.
        var arrival: Moment?
    }

    private let state = Mutex(State())

    package init() {}

    package func now() -> Moment {
        state.withLock { state in
            state.moment += 1
            return state.moment
        }
    }

    package var acknowledged: [String] { state.withLock { $0.acknowledged } }
    /// What was broken, and an example of each.
    package var faults: [Fault: String] { state.withLock { $0.faults } }

    package func acknowledge(_ text: String) { state.withLock { $0.acknowledged.append(text) } }

    package func note(_ fault: Fault, _ what: String) {
        state.withLock { state in
            if state.faults[fault] == nil { state.faults[fault] = what }
        }
    }

    /// - Parameter isNew: whether it is the region to which the tenant moves.
    package func answered(byNew isNew: Bool, begun: Moment) {
        state.withLock { state in
            state.moment += 1
            if isNew {
                state.arrival = state.arrival ?? state.moment
            } else if let arrival = state.arrival, begun > arrival, state.faults[.behind] == nil {
                state.faults[.behind] = "a call of moment \(begun), and the new region had answered at \(arrival)"
            }
        }
    }

    /// Compares with all that is there.
    package func audit(_ texts: [String]) {
        let there = Set(texts)
        for text in acknowledged where !there.contains(text) { note(.lost, text) }
        if there.count < texts.count { note(.doubled, "\(texts.count - there.count) of \(texts.count)") }
    }
}
