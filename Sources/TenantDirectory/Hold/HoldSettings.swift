/// How a cutover's pause is bounded, and what it may do without.
package struct HoldSettings: Sendable {
    /// The gate closes at a moment when nothing in flight is older than this.
    package var quietFor = Duration.seconds(1)
    /// How long such a moment is waited for.
    package var cutoverWindow = Duration.seconds(30)
    /// From the hold to the decision; past it the cutover is given up.
    package var deadline = Duration.seconds(2)
    /// How long in-flight requests are waited for, once the gate is closed.
    package var drainBudget = Duration.milliseconds(500)
    /// Holds that are made in all where a drain takes too long, and the pause after the first; each later one is twice
    /// as long, and chance makes it longer or shorter by up to a half.
    package var tries = 5
    package var retryPause = Duration.milliseconds(200)
    /// The source's store refuses the tenant's writes by itself from the decision on (the third wall).
    package var isFenced: Bool
    /// What may write was stopped before, by the same migration: only reads are in flight, and may be passed over.
    package var areWritesStopped = false
    /// Nodes that do not answer are passed over where the store is fenced. They may have answered reads from the old
    /// region until they hear of the switch.
    package var passOverSilent = false
    /// How long an app may work on a request. Without the third wall nothing is switched sooner than that after the
    /// last moment at which a process that is gone could have sent one (amendment H4).
    package var maxRequestTime = Duration.seconds(60)
    /// How often a node is asked for its traffic before the gate closes.
    package var pollInterval = Duration.milliseconds(50)
    /// Until a node counts as silent, for one answer beyond the time that was asked of it.
    package var answerTimeout = Duration.milliseconds(500)

    package init(isFenced: Bool) { self.isFenced = isFenced }

    /// - Parameter passesReads: what may write alone is stopped.
    func drain(passesReads: Bool = false) -> DrainRule {
        DrainRule(budget: drainBudget, isFenced: isFenced || areWritesStopped, passesReads: passesReads)
    }

    var maySkipSilent: Bool { passOverSilent && isFenced }
}

/// How a cutover's pause has ended, as far as directory and nodes are concerned.
package enum HoldOutcome: Sendable, Equatable {
    /// The tenant serves there. Nodes that were passed over are named.
    case released(Placement, passedOver: [NodeRecord.Identity])
    /// Nothing was changed, or the tenant serves at the source again: why.
    case givenUp(Reason)

    package enum Reason: Error, Equatable {
        /// There was no quiet moment within the window, or a drain took too long: these are in the way.
        case inTheWay([String])
        /// These nodes do not answer.
        case silent([NodeRecord.Identity])
        /// No node of the target has acknowledged and sees an app instance there that takes calls.
        case targetDown(Region)
        /// Processes of these names have ended a moment ago, or these have just taken their place: the app may still be
        /// working on what they had sent it, and the store refuses nothing by itself.
        case mayStillWork([NodeRecord.Identity])
        /// A node knows a higher epoch than the hold's.
        case ahead(Int64)
        /// There was no decision within the deadline, or it was against the switch.
        case undecided
        /// The directory refused, or could not be asked: a sentence.
        case directory(String)
    }
}
