/// Whether a node may answer from what it holds (amendment H5): the directory has confirmed that and the node's row
/// less than `maxAge` ago, and nobody has taken the row away. Pure.
struct DirectoryStanding {
    typealias Instant = ContinuousClock.Instant

    /// `nil` where the store is the node's own, and always answers for itself.
    let maxAge: Duration?
    /// When the end of the feed was last seen, by the time of asking.
    private var feedSeen: Instant?
    /// When the node's row was last seen.
    private var rowSeen: Instant?
    /// Why nobody is answered although the directory may be there.
    private var suspension: String?

    init(maxAge: Duration?) { self.maxAge = maxAge }

    /// When the directory has confirmed both; `nil` where it never has.
    var confirmed: Instant? {
        guard let feedSeen, let rowSeen else { return nil }
        return min(feedSeen, rowSeen)
    }

    mutating func sawFeed(_ instant: Instant) { feedSeen = max(feedSeen ?? instant, instant) }
    mutating func sawRow(_ instant: Instant) { rowSeen = max(rowSeen ?? instant, instant) }

    /// Goes on from what a mirror knows.
    mutating func begin(confirmed: Instant) {
        feedSeen = confirmed
        rowSeen = confirmed
    }

    mutating func suspend(_ reason: String) {
        suspension = reason
        rowSeen = nil
    }

    mutating func resume() { suspension = nil }

    /// Why nobody is answered; `nil` where all are.
    func refusal(now: Instant) -> String? {
        if let suspension { return suspension }
        guard let maxAge else { return nil }
        guard let confirmed else { return "The records of this node have not been confirmed by the directory yet." }
        guard now - confirmed <= maxAge else {
            return "The directory has not confirmed this node's records for longer than mirror.maxAge: they may be old."
        }
        return nil
    }
}
