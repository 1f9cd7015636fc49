/// Which of several servers a request goes to: the one with the fewest requests that it has not answered, among those
/// that are in use. Pure.
///
/// 1. Servers that are out are chosen only where no other is left.
/// 2. One that has just come back counts as busier than it is, ten times at first: it warms up.
/// 3. Among equals the choice goes round.
struct InstanceChoice {
    struct Candidate {
        /// Requests it may be working on.
        let outstanding: Int
        let isOut: Bool
        /// From 0, just come back, to 1, in full use.
        let warmth: Double
    }

    /// Servers of one region; a request remembers in one word which it has tried.
    static let maxServers = 64

    private var turn = 0

    /// - Parameters:
    ///   - count: of servers, at most ``maxServers``.
    ///   - tried: a bit for each server that is not to be chosen.
    /// - Returns: `nil` where all have been tried.
    mutating func pick(count: Int, tried: UInt64, _ candidate: (Int) -> Candidate) -> Int? {
        guard count > 0 else { return nil }
        turn = turn &+ 1 < count ? turn &+ 1 : 0
        var best: (index: Int, isOut: Bool, load: Double)?
        for step in 0..<min(count, Self.maxServers) {
            let index = (turn + step) % count
            guard tried & (1 << UInt64(index)) == 0 else { continue }
            let server = candidate(index)
            let load = Double(max(0, server.outstanding) + 1) / max(0.1, min(1, server.warmth))
            guard let leader = best else {
                best = (index, server.isOut, load)
                continue
            }
            let isBetter = server.isOut == leader.isOut ? load < leader.load : leader.isOut
            if isBetter { best = (index, server.isOut, load) }
        }
        return best?.index
    }
}
