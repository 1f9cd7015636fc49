import Synchronization

/// How far the rounds of comparison of each migration are. In memory alone: whoever takes over compares all again.
final class VerificationRounds: Sendable {
    private struct Round {
        /// The cursor up to which changes have been sent; the target may have applied no more.
        var sent = ""
        /// Where the last round began; `nil` before the first.
        var compared: String?
    }

    /// Migrations that are remembered, at most; of one that is not, everything is compared again.
    private static let maxRounds = 1_000

    private let state = Mutex<[String: Round]>([:])

    func sent(_ cursor: String, _ ticket: MoveTicket) { change(ticket) { $0.sent = cursor } }

    /// Between which cursors the next round looks for changes; `since` is `nil` for the first, which takes everything.
    func next(_ ticket: MoveTicket) -> (since: String?, until: String) {
        state.withLock { rounds in
            let round = rounds[Self.key(ticket)] ?? Round()
            return (round.compared, round.sent)
        }
    }

    func compared(_ cursor: String, _ ticket: MoveTicket) { change(ticket) { $0.compared = cursor } }

    func forget(_ ticket: MoveTicket) { state.withLock { $0[Self.key(ticket)] = nil } }

    private func change(_ ticket: MoveTicket, _ change: (inout Round) -> Void) {
        state.withLock { rounds in
            let key = Self.key(ticket)
            if rounds[key] == nil, rounds.count >= Self.maxRounds, let other = rounds.keys.first { rounds[other] = nil }
            change(&rounds[key, default: Round()])
        }
    }

    /// Another attempt or coordinator begins with nothing compared.
    private static func key(_ ticket: MoveTicket) -> String {
        "\(ticket.migration)/\(ticket.generation)/\(ticket.attempt)"
    }
}
