/// The phases of a migration (design §6, amendment H22). A phase is stored before it is acted on, so that whoever takes
/// over after a crash knows what may have been done.
package enum MigrationPhase: String, Sendable, CaseIterable, Codable {
    /// Accepted; begins when its time has come and there is room.
    case scheduled
    /// Both stores are looked at and made ready; nothing of the tenant has been copied.
    case preparing
    case copying
    /// All rows are there; what is written meanwhile follows.
    case catchingUp
    /// Caught up and able to switch now. May fall back to `catchingUp`. A move that is not live and waits for its
    /// commit is here before its copy begins.
    case ready
    /// The gate is closed, or closing: the one phase that is bounded in time.
    case cuttingOver
    /// The tenant is served by the target.
    case committed
    /// The source's rows are being deleted.
    case purging
    case done
    /// What was made in both stores is being taken away.
    case rollingBack
    case rolledBack
    /// After the switch, and back again: the data is on its way to where it came from.
    case returning
    case returned

    /// Nothing will be done any more.
    package var isOver: Bool {
        switch self {
        case .done, .rolledBack, .returned: true
        default: false
        }
    }

    /// Whether the tenant has not been switched yet, so that the way leads back to where it was.
    package var isBeforeSwitch: Bool {
        switch self {
        case .scheduled, .preparing, .copying, .catchingUp, .ready, .cuttingOver: true
        case .committed, .purging, .done, .rollingBack, .rolledBack, .returning, .returned: false
        }
    }

    /// The phases that may follow.
    package var next: Set<MigrationPhase> {
        switch self {
        case .scheduled: [.preparing, .rolledBack]
        // A plan is done with this.
        case .preparing: [.copying, .ready, .rollingBack, .done]
        // Back to `preparing` where the copy must begin anew (H8).
        case .copying: [.catchingUp, .ready, .preparing, .rollingBack]
        case .catchingUp: [.ready, .preparing, .rollingBack]
        case .ready: [.copying, .catchingUp, .preparing, .cuttingOver, .rollingBack]
        // Given up, it may be tried again; offline, with a new copy.
        case .cuttingOver: [.catchingUp, .ready, .preparing, .committed, .rollingBack]
        case .committed: [.purging, .returning]
        case .purging: [.done, .returned]
        case .rollingBack: [.rolledBack, .done]
        // The leftovers of the first move are taken away, then it begins anew in the other direction.
        case .returning: [.preparing, .committed]
        case .done, .rolledBack, .returned: []
        }
    }
}
