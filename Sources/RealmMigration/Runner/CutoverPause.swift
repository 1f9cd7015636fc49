import Logging
import Synchronization
import TenantDirectory

/// What happens to the data between the closing of the gate and the decision, and how the decision is carried out.
///
/// 1. Up to the decision everything may fail, or be stopped by the deadline: then the tenant stays.
/// 2. The decision is one statement in the deciding store's row (H14). Whatever is not known of it is asked until it
///    is known, and nothing else is done meanwhile.
/// 3. What was decided is carried out in every store, and only then is the hold's end written.
final class CutoverPause: Sendable {
    private let works: [MoveWork]
    private let mode: MoveMode
    private let settings: MigrationSettings
    private let checks: Mutex<[String: OpenChecks]>
    private let marks: [String: String]
    private let journal: any HoldStore
    private let ledger: MigrationLedger
    private let logger: Logger
    private let failure = Mutex<MigrationError?>(nil)
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(2)

    init(
        _ works: [MoveWork], mode: MoveMode, settings: MigrationSettings, checks: [String: OpenChecks],
        marks: [String: String], journal: any HoldStore, ledger: MigrationLedger, logger: Logger
    ) {
        self.works = works
        self.mode = mode
        self.settings = settings
        self.checks = Mutex(checks)
        self.marks = marks
        self.journal = journal
        self.ledger = ledger
        self.logger = logger
    }

    /// Why the tenant stays, where it was the data's fault.
    var error: MigrationError? { failure.withLock { $0 } }

    /// Moves the rest and decides. Cancelling it stops what is before the decision; what follows is carried through.
    /// - Returns: whether the tenant has left.
    func decide(_ hold: TenantHold) async -> Bool {
        let steps = Task { try await self.moveRest(hold.epoch) }
        // Not the caller's task: a deadline that has passed must not stop what was decided.
        let whole = Task {
            do { return try await steps.value } catch {
                self.note(error)
                return await self.conclude(hold)
            }
        }
        return await withTaskCancellationHandler {
            await whole.value
        } onCancel: {
            steps.cancel()
        }
    }

    private func note(_ error: any Error) {
        failure.withLock { known in
            if known == nil {
                known =
                    error as? MigrationError
                    ?? MigrationError(.inTheWay, "The pause was longer than it may be.", cause: error)
            }
        }
    }

    // MARK: Before the decision

    private func moveRest(_ epoch: Int64) async throws -> Bool {
        for work in works {
            // Offline it is up since before the copy, and must have been all the time.
            try await work.move.source.raiseFence(
                work.ticket, epoch: epoch, onlyWhereUp: mode == .offline, within: settings.drainBudget)
        }
        await ledger.note { $0.fenced = epoch }
        for work in works {
            async let schema: Void = work.checkSchema()
            if mode == .live { try await followToTheEnd(work) }
            // What belongs to the pause alone has no copy that was compared before.
            try await verifyActivating(work, try await work.copy(activating: true))
            try await schema
        }
        try Task.checkCancellation()
        var tokens: [String: String] = [:]
        for work in works { tokens[work.move.name] = try await seal(work, epoch) }
        guard let deciding, let token = tokens[deciding.move.name] else { return true }
        let decision = try await deciding.move.source.decide(deciding.ticket, epoch: epoch, .moved(token: token))
        guard case .moved(let token) = decision else {
            throw MigrationError(.inTheWay, "It was decided that the tenant stays before everything had arrived.")
        }
        try await carryOut(epoch, token: token)
        return true
    }

    private func followToTheEnd(_ work: MoveWork) async throws {
        let name = work.move.name
        let marker = try await work.move.source.mark(work.ticket)
        await ledger.note { progress in progress.update(name) { $0.position = marker } }
        try await work.follow(until: marker)
        let changed = try await work.move.source.changedKeys(work.ticket)
        let requests = checks.withLock { checks in
            checks[name, default: OpenChecks()].add(changed)
            return checks[name, default: OpenChecks()].take()
        }
        let differences = try await work.differences(requests)
        guard differences.isEmpty else { throw work.error(differences) }
    }

    private func verifyActivating(_ work: MoveWork, _ lanes: [CopyLane]) async throws {
        let requests = lanes.filter(\.isActivating).map { StoreDigest.Request(table: $0.name) }
        let found = try await work.differences(requests)
        guard found.isEmpty else { throw work.error(found) }
    }

    /// Nothing is applied after this; and nobody has written past the mover since everything was compared.
    private func seal(_ work: MoveWork, _ epoch: Int64) async throws -> String {
        async let mark = work.watchMark()
        let token = try await work.move.target.seal(work.ticket, epoch: epoch)
        let now = try await mark
        // Whoever took over a copy made while writes stood still knows of none.
        guard let known = marks[work.move.name], known != now else { return token }
        throw MigrationError(
            .inTheWay,
            "Store \(work.move.name): somebody has changed the triggers of the fence, or what tells of changes. "
                + "Every row is compared again before the next try.")
    }

    // MARK: The decision

    private var deciding: MoveWork? { works.first(where: \.move.isDeciding) }

    /// The target opens, and the stores that follow do as the first one did.
    private func carryOut(_ epoch: Int64, token: String) async throws(MigrationError) {
        for work in works {
            if work.move.isDeciding {
                try await work.move.target.open(work.ticket, epoch: epoch, token: token)
                continue
            }
            // One that is open has been through all of it.
            guard try await work.move.target.claim(work.ticket).state != .open else { continue }
            let own = try await work.move.target.seal(work.ticket, epoch: epoch)
            _ = try await work.move.source.decide(work.ticket, epoch: epoch, .moved(token: own))
            try await work.move.target.open(work.ticket, epoch: epoch, token: own)
        }
    }

    private func stay(_ epoch: Int64) async throws(MigrationError) {
        for work in works {
            if !work.move.isDeciding { _ = try await work.move.source.decide(work.ticket, epoch: epoch, .open) }
            try await work.move.target.unseal(work.ticket)
        }
    }

    /// Decides that the tenant stays, unless it has left already, and carries out which it is.
    /// - Returns: whether it has left.
    /// - Throws: where it is not known, or not carried out: to be asked again.
    func settle(_ epoch: Int64) async throws(MigrationError) -> Bool {
        guard let deciding else { return false }
        try await recall(deciding, epoch)
        switch try await deciding.move.source.decide(deciding.ticket, epoch: epoch, .open) {
        case .moved(let token):
            try await carryOut(epoch, token: token)
            return true
        case .open:
            try await stay(epoch)
            return false
        }
    }

    /// A source that was set back (a standby without its last commits took over) may have forgotten that the tenant
    /// has left: nobody writes there that it stays before the target's row was read (H32).
    /// - Throws: where the target cannot be asked: the tenant stays held.
    private func recall(_ work: MoveWork, _ epoch: Int64) async throws(MigrationError) {
        guard let here = try await work.move.source.standing(work.ticket) else { return }
        let progress = await ledger.progress
        let known = progress[work.move.name]?.histories?[work.ticket.source.code]
        let isSetBack = known != nil && known != here.history || here.doubt != nil
        guard isSetBack || here.claim.epoch < progress.fenced ?? 0 else { return }
        guard var there = try await work.move.target.standing(work.ticket) else { return }
        if there.claim.state == .sealed {
            // Whoever has the token of a decision that is forgotten here must not open by it any more: the seal comes
            // off first, or it is open, which the next try sees.
            try await work.move.target.unseal(work.ticket)
            there = try await work.move.target.standing(work.ticket) ?? there
        }
        guard there.claim.state == .open, there.claim.epoch == epoch + 1, let token = there.claim.token else { return }
        try await work.move.source.reassert(work.ticket, epoch: epoch, token: token)
    }

    /// The tenant stays, before anything was asked of the data: the fence that may be up comes down.
    func giveUp(_ hold: TenantHold) async {
        // Not the caller's task: one that is cancelled would not wait between two tries.
        _ = await Task { await self.conclude(hold) }.value
    }

    /// Asks until it is known and carried out.
    private func conclude(_ hold: TenantHold) async -> Bool {
        var pause = Self.firstPause
        while true {
            do throws(MigrationError) { return try await settle(hold.epoch) } catch {
                // Another coordinator decides now, and ends the hold; nothing may be said here before it has.
                if error.code == .overtaken, (try? await journal.hold(of: hold.tenant)) != hold { return false }
                logger.warning(
                    "A cutover cannot be concluded yet.",
                    metadata: ["tenant": "\(hold.tenant)", "error": "\(error.message)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }
}
