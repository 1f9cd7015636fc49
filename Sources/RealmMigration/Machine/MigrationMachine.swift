package import TenantDirectory

/// How a migration goes on: from what has happened and what is wanted to what is done next. Pure; what it says is
/// written into the journal before it is acted on.
///
/// 1. Every phase before the switch leads back on a `cancel`, and on what no second try changes.
/// 2. A cutover is the one thing that is not stopped: whoever takes it over settles it first.
/// 3. What may pass by itself is tried again, after a growing pause and not for ever. After the switch, and on the way
///    back, for ever: there is no other way to an end.
package struct MigrationMachine: Sendable, Equatable {
    package private(set) var phase: MigrationPhase
    package private(set) var attempt: Int64
    package private(set) var isReturn: Bool
    package private(set) var purgeAt: Int64?
    /// Why it ends, or stands.
    package private(set) var reason: String
    package private(set) var memo: MigrationMemo
    package var wishes: Set<MigrationWish>

    private let kind: MigrationRecord.Kind
    private let commitsByItself: Bool
    private let isOfHost: Bool
    private let windowEnd: Int64?
    private let rules: MigrationRules
    /// A cutover was under way when this node took the migration.
    private var mustSettle: Bool
    private var isLeaving = false
    /// Nothing is tried before; milliseconds since 1970.
    private var pausedUntil: Int64 = 0
    /// No cutover begins before.
    private var nextCutover: Int64 = 0

    /// - Parameter memo: what was kept beside the record.
    package init(_ record: MigrationRecord, memo: MigrationMemo, rules: MigrationRules = MigrationRules()) {
        (phase, attempt, isReturn) = (record.phase, record.attempt, record.isReturn)
        (purgeAt, reason, wishes) = (record.purgeAt, record.reason, record.wishes)
        (kind, self.memo, self.rules) = (record.kind, memo, rules)
        mustSettle = record.phase == .cuttingOver
        if case .host(_, let end) = record.trigger {
            (commitsByItself, isOfHost, windowEnd) = (false, true, end)
        } else {
            (commitsByItself, isOfHost, windowEnd) = (record.commit == .automatic, false, nil)
        }
    }

    package var isOver: Bool { phase.isOver }

    // MARK: What is next

    /// - Parameter now: milliseconds since 1970.
    package mutating func next(now: Int64) -> MigrationAction {
        if isLeaving { return .leave }
        if mustSettle { return .settle }
        heed(now)
        if pausedUntil > now { return .wait(.milliseconds(pausedUntil - now)) }
        switch phase {
        case .scheduled, .preparing: return kind == .plan ? .look : .prepare
        case .copying: return .copy
        case .catchingUp: return .follow
        case .ready: return whenReady(now)
        case .cuttingOver: return .cutOver
        case .committed: return afterSwitch(now)
        case .purging, .returning: return .purge
        case .rollingBack: return .cleanUp
        case .done, .rolledBack, .returned: return .leave
        }
    }

    /// What is wanted, where the phase allows it.
    private mutating func heed(_ now: Int64) {
        if phase.isBeforeSwitch, wishes.contains(.cancel) {
            rollBack(isReturn ? "The return was cancelled: the tenant stays." : "It was cancelled.")
        } else if phase.isBeforeSwitch, let windowEnd, !isReturn, now >= windowEnd, !wishes.contains(.commit) {
            rollBack("The host's window has ended without a commit.")
        }
        guard phase == .committed, !isReturn, purgeAt != nil, wishes.contains(.return) else { return }
        phase = .returning
        reason = ""
    }

    private mutating func whenReady(_ now: Int64) -> MigrationAction {
        if kind == .rehearse {
            rollBack("Rehearsed: it could have been switched.")
            return .cleanUp
        }
        if memo.mode == .offline, memo.isCopied != true {
            guard mayStopWrites else { return .wait(.seconds(1)) }
            phase = .copying
            return .copy
        }
        if isToCommit, nextCutover <= now {
            phase = .cuttingOver
            return .cutOver
        }
        return memo.mode == .live ? .follow : .wait(.seconds(1))
    }

    private var isToCommit: Bool { commitsByItself || isReturn || wishes.contains(.commit) }

    /// Whether the copy of a move that is not live may begin, for it stops the tenant's writes until the decision. The
    /// host has its site offline when it says so (H16); an administrator who commits by hand has to have said so.
    private var mayStopWrites: Bool { kind == .move && (isToCommit || isOfHost) }

    private mutating func afterSwitch(_ now: Int64) -> MigrationAction {
        guard let purgeAt else { return .finish }
        guard wishes.contains(.purge) || now >= purgeAt else { return .leave }
        phase = .purging
        return .purge
    }

    // MARK: What has happened

    package mutating func take(_ event: MigrationEvent, now: Int64) {
        if case .failed(let error) = event { return fail(error, now) }
        (memo.failures, pausedUntil) = (0, 0)
        switch event {
        case .settled(let isSwitched):
            mustSettle = false
            if isSwitched { becomeCommitted() } else { giveUp("The node that led the cutover is gone.", now) }
        case .looked: phase = .done
        case .prepared(let mode):
            (memo.mode, memo.isCopied) = (mode, nil)
            phase = mode == .live || mayStopWrites ? .copying : .ready
        case .copied:
            // What stands still has nothing to catch up with.
            if memo.mode == .offline { memo.isCopied = true }
            phase = memo.mode == .offline ? .ready : .catchingUp
        case .followed(let isClose, let inTheWay):
            phase = isClose && inTheWay.isEmpty ? .ready : .catchingUp
            reason = inTheWay.isEmpty ? "" : "In the way of the cutover: \(inTheWay.joined(separator: ", "))"
        case .switched: becomeCommitted()
        case .givenUp(let reason): giveUp(reason, now)
        case .putOff(let reason): putOff(reason, now)
        case .finished: purgeAt = now + rules.purgeDelay.inMilliseconds
        case .purged: becomePurged()
        case .cleanedUp: phase = isReturn ? .done : .rolledBack
        case .waited, .failed: break
        }
    }

    private mutating func becomeCommitted() {
        (phase, reason) = (.committed, "")
    }

    /// Before the way back the leftovers at the old place are taken away, for that is where it leads.
    private mutating func becomePurged() {
        guard phase == .returning else {
            phase = isReturn ? .returned : .done
            return
        }
        (phase, isReturn, attempt, purgeAt) = (.preparing, true, 1, nil)
        memo = MigrationMemo()
        // The node of the other region leads.
        isLeaving = true
    }

    private mutating func giveUp(_ reason: String, _ now: Int64) {
        memo.cutoversGivenUp += 1
        self.reason = reason
        if wishes.contains(.cancel) { return rollBack("It was cancelled in its cutover.") }
        guard memo.cutoversGivenUp < rules.cutovers else {
            return rollBack("\(memo.cutoversGivenUp) cutovers were given up, the last one for this: \(reason)")
        }
        nextCutover = now + rules.pause(after: memo.cutoversGivenUp).inMilliseconds
        if memo.mode == .live { phase = .catchingUp } else { copyAnew() }
    }

    private mutating func putOff(_ reason: String, _ now: Int64) {
        memo.cutoversGivenUp += 1
        self.reason = reason
        if wishes.contains(.cancel) { return rollBack("It was cancelled in its cutover.") }
        guard memo.cutoversGivenUp < rules.cutovers else {
            return rollBack("It was tried \(memo.cutoversGivenUp) times, and put off the last time for this: \(reason)")
        }
        nextCutover = now + rules.pause(after: memo.cutoversGivenUp).inMilliseconds
        if phase == .cuttingOver { phase = .ready } else { pausedUntil = nextCutover }
    }

    /// What was copied while the tenant's writes stood still is worth nothing once they go on.
    private mutating func copyAnew() {
        attempt += 1
        memo.isCopied = nil
        phase = .preparing
    }

    private mutating func rollBack(_ reason: String) {
        self.reason = reason
        (phase, pausedUntil) = (.rollingBack, 0)
    }

    private mutating func fail(_ error: MigrationError, _ now: Int64) {
        let mayTurnBack = phase.isBeforeSwitch && !mustSettle
        switch error.code {
        case .overtaken where phase != .preparing && phase != .rollingBack: isLeaving = true
        case .blocked where mayTurnBack, .differs where mayTurnBack, .schemaChanged where mayTurnBack,
            .badAnswer where mayTurnBack:
            rollBack(error.message)
        case .mustRestart where mayTurnBack:
            guard attempt < rules.copies else { return rollBack(error.message) }
            copyAnew()
            reason = error.message
        default:
            memo.failures += 1
            reason = error.message
            if mayTurnBack, memo.failures >= rules.failures { return rollBack(error.message) }
            pausedUntil = now + rules.pause(after: memo.failures).inMilliseconds
        }
    }
}

/// What a migration keeps beside its record, as a part of its progress.
package struct MigrationMemo: Sendable, Codable, Equatable {
    /// Decided when it was prepared.
    package var mode: MoveMode?
    /// Not live: the tenant's writes stand still, and what there was has been copied and compared.
    package var isCopied: Bool?
    package var cutoversGivenUp = 0
    /// In a row.
    package var failures = 0

    package init() {}
}

extension Duration {
    /// In whole milliseconds; what is too long for that is as long as can be said.
    var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < Int64.max / 2_000 else { return Int64.max / 2 }
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
