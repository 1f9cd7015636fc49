/// How far a machine's wall clock is from the directory's, in milliseconds; above zero where it is ahead.
///
/// Nothing in the directory depends on it: no order is taken from clocks (amendment H26). The times in tokens do.
package enum ClockSkew {
    /// Past this somebody should look at it. The host's clock is within it, and so should each node's be.
    package static let bound: Int64 = 3_000

    /// What is certain of it: the directory has looked at its clock at some moment between the two, so as much of a
    /// difference as the round trip may account for does not count.
    package static func milliseconds(before: Int64, after: Int64, server: Int64) -> Int64 {
        if server < before { return before - server }
        return server > after ? after - server : 0
    }

    /// What an operator is told; `nil` within the bound.
    /// - Parameter whose: `this machine`, `node eu-1`.
    package static func warning(_ skew: Int64, of whose: String) -> String? {
        guard abs(skew) > bound else { return nil }
        let seconds = (abs(skew) + 500) / 1_000
        return "The clock of \(whose) is \(seconds) s \(skew > 0 ? "ahead of" : "behind") the directory's: tokens are "
            + "judged by their times, so good ones may be refused there and old ones accepted. Have both machines set "
            + "their clocks by NTP."
    }
}
