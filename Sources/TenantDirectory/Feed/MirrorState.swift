/// What a mirror knows of itself.
struct MirrorState: Sendable, Equatable {
    /// Up to where it has the change feed; `nil` before the first page.
    var position: FeedPosition?
    /// Whether it has once held the whole directory.
    var isComplete = false
    /// Whether everything is being read anew.
    var isScanning = false
    /// Which reading of everything a record was last seen by.
    var generation: Int64 = 0
    /// When the directory last confirmed it, in milliseconds since 1970 by this machine's clock; `nil` for never.
    var confirmedAt: Int64?
    /// Whether the node's row stands in the directory, so that barriers wait for it.
    var rowStands = false
    /// Whose mirror it is.
    var node: String

    /// How far this machine's clock may have been set back.
    private static let clockLeeway: Int64 = 60_000

    /// Why nothing may be served from it without the directory; `nil` where it may (amendment H5).
    /// - Parameters:
    ///   - now: in milliseconds since 1970.
    ///   - maxAge: in milliseconds.
    func refusal(now: Int64, maxAge: Int64) -> String? {
        guard isComplete, let confirmedAt else { return "it has never held the whole directory" }
        guard rowStands else {
            return "this node's row was taken out of the directory when it stopped, so that nobody waits for it"
        }
        guard confirmedAt <= now + Self.clockLeeway else { return "this machine's clock is behind the mirror's" }
        guard now - confirmedAt <= maxAge else {
            return "the directory last confirmed it \((now - confirmedAt) / 60_000) minutes ago, longer than "
                + "mirror.maxAge"
        }
        return nil
    }
}
