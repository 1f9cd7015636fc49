/// What is to be done next for a migration. Each can be repeated.
package enum MigrationAction: Sendable, Hashable {
    /// Whoever takes over a cutover finds out what was decided, and makes stores and directory agree.
    case settle
    /// Both sides are looked at, and that is all: a plan.
    case look
    /// Both sides are looked at, claimed and made ready.
    case prepare
    case copy
    /// One round: what was written follows, and is verified.
    case follow
    case cutOver
    /// What was made for the move in the target is taken away; its rows stay.
    case finish
    /// The rows at the old place are deleted.
    case purge
    /// Everything that was made is taken away again.
    case cleanUp
    /// Nothing, for so long; a wish of somebody's ends it sooner.
    case wait(Duration)
    /// The lease is given up: there is nothing to do until its time has come, or another node is to go on.
    case leave
}

/// What has come of it.
package enum MigrationEvent: Sendable, Equatable {
    /// A cutover that was under way has ended on this side.
    case settled(isSwitched: Bool)
    case looked
    case prepared(MoveMode)
    case copied
    /// - Parameters:
    ///   - isClose: what is left would fit into a pause.
    ///   - inTheWay: what keeps a cutover from beginning.
    case followed(isClose: Bool, inTheWay: [String])
    case switched
    /// The tenant serves at the source as before: why.
    case givenUp(String)
    /// Nothing has begun, or what has begun stands as before: why. It may be tried again.
    case putOff(String)
    case finished
    case purged
    case cleanedUp
    /// The time of a ``MigrationAction/wait(_:)`` is over.
    case waited
    case failed(MigrationError)
}

/// Bounds of what a migration tries.
package struct MigrationRules: Sendable, Equatable {
    /// Cutovers that are given up before the migration is.
    package var cutovers = 5
    /// Copies that begin anew.
    package var copies = 3
    /// Failures in a row of what may pass by itself.
    package var failures = 12
    /// Before the second try; twice as long before each further one, up to the longest.
    package var pause = Duration.seconds(1)
    package var longestPause = Duration.seconds(60)
    /// The source's rows are kept for so long after the switch.
    package var purgeDelay = Duration.seconds(7 * 86_400)

    package init() {}

    /// - Parameter tries: that have failed.
    func pause(after tries: Int) -> Duration { min(pause * (1 << min(max(0, tries - 1), 10)), longestPause) }
}
