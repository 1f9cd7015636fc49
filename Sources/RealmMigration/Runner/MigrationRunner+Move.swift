import Synchronization
import TenantDirectory

/// Copy, rounds of what follows, and the cutover.
extension MigrationRunner {
    /// Keys that may be left to the pause.
    private static let openKeys = 1_000
    /// Between two rounds of a migration that waits for its commit.
    private static let roundPause = Duration.milliseconds(200)
    /// Between two looks at the schema in these rounds.
    private static let schemaPause = Duration.seconds(5)

    func copy() async throws -> MigrationEvent {
        if await ledger.progress.memo.mode == .offline { return try await copyStandingStill() }
        for work in try await works() {
            try await work.copy(activating: false)
            try await work.verifyCopy()
        }
        try await checkSchema()
        // What was compared just now is known to be equal.
        let progress = await ledger.progress
        checks.withLock { checks in
            for store in progress.stores { checks[store.name] = OpenChecks() }
        }
        return .copied
    }

    /// One round: a marker goes through the log of changes and everything before it follows; then what has changed is
    /// compared. How long that takes is what the pause will take.
    func follow() async throws -> MigrationEvent {
        let start = ContinuousClock.now
        let works = try await works()
        var (inTheWay, isClose): ([String], Bool) = ([], true)
        if schemaIsDue() { try await checkSchema() }
        for work in works {
            try await work.follow(until: try await work.move.source.mark(work.ticket))
            let open = try await compare(work)
            if open.hasWholeTable || open.count > Self.openKeys { isClose = false }
            let lag = try await work.move.source.lag(work.ticket)
            inTheWay += lag.inTheWay
            let name = work.move.name
            await ledger.note { progress in progress.update(name) { $0.lagBytes = lag.bytes } }
        }
        let elapsed = ContinuousClock.now - start
        await ledger.note { $0.expectedPause = elapsed.inMilliseconds }
        if elapsed > parts.settings.pauseBudget { isClose = false }
        if isClose { try await Task.sleep(for: Self.roundPause) }
        return .followed(isClose: isClose, inTheWay: inTheWay)
    }

    /// Compares what has changed since the last round. What differs may have changed again meanwhile: it is looked at
    /// in the next round, and for good in the pause.
    private func compare(_ work: MoveWork) async throws -> OpenChecks {
        let name = work.move.name
        // Before anything is compared: what happens meanwhile is seen the next time.
        let mark = try await work.watchMark()
        let known = marks.withLock { $0.updateValue(mark, forKey: name) }
        let changed = try await work.move.source.changedKeys(work.ticket)
        let tables = await ledger.progress[name]?.verified.map(\.table) ?? []
        let requests = checks.withLock { checks in
            // Whoever has taken over knows of no change before: every row is compared once.
            if known != mark { checks[name] = nil }
            checks[name, default: OpenChecks(tables: tables)].add(changed)
            return checks[name, default: OpenChecks()].take()
        }
        let differences = try await work.differences(requests)
        let count = Int64(requests.reduce(0) { $0 + ($1.keys?.count ?? 0) })
        await ledger.note { progress in progress.update(name) { $0.verifiedChanges += count } }
        return checks.withLock { checks in
            checks[name, default: OpenChecks()].add(differences)
            return checks[name, default: OpenChecks()]
        }
    }

    /// The schema is on both sides what it was when the move was prepared (H12).
    func checkSchema() async throws {
        let mode = await ledger.progress.memo.mode ?? .live
        for work in try await works() {
            guard try await work.move.source.schemaState(work.ticket) == nil else {
                try await work.checkSchema()
                continue
            }
            let known = await ledger.progress[work.move.name]?.schemaFingerprint
            async let here = work.move.source.survey(work.ticket, mode: mode)
            async let there = work.move.target.survey(work.ticket, mode: mode)
            let (source, target) = try await (here, there)
            guard source.schemaFingerprint == known, target.schemaFingerprint == known else {
                throw work.schemaError
            }
        }
    }

    /// A round is short, and reading the catalog is not free.
    private func schemaIsDue() -> Bool {
        schemaCheckedAt.withLock { checkedAt in
            if let last = checkedAt, ContinuousClock.now - last < Self.schemaPause { return false }
            checkedAt = .now
            return true
        }
    }

    // MARK: Cutover

    func cutOver() async throws -> MigrationEvent {
        let mode = await ledger.progress.memo.mode ?? .live
        try await checkSchema()
        let works = try await works()
        for work in works { try await checkPlaces(work.move) }
        if let inTheWay = try await inTheWay(works, mode) {
            return .followed(isClose: false, inTheWay: inTheWay)
        }
        if mode == .live, works.contains(where: { work in checks.withLock { $0[work.move.name] == nil } }) {
            // Whoever has just taken over compares what it knows nothing of before the pause, and not in it.
            return try await follow()
        }
        let record = await ledger.record
        let pause = pause(works, mode, checks: checks.withLock { $0 })
        let (from, to) = (record.from, record.to)
        let held = Mutex<(TenantHold, ContinuousClock.Instant)?>(nil)
        let outcome = await parts.coordinators.coordinator(holdSettings(works, mode)).run(
            record.tenant, migration: record.holdName, source: from, target: to,
            giveUp: { hold in if mode == .offline { await pause.giveUp(hold) } },
            decide: { hold in
                held.withLock { $0 = (hold, .now) }
                return await pause.decide(hold) ? to : from
            })
        let took = held.withLock { $0.map { ($0.0.epoch, ContinuousClock.now - $0.1) } }
        switch outcome {
        case .released(_, let passedOver):
            let now = parts.now()
            writesPass()
            await ledger.note { progress in
                progress.writesStopped = progress.writesStoppedAt.map { now - $0 }
                progress.pause = took?.1.inMilliseconds
                progress.epoch = took?.0
                progress.passedOver = passedOver.map(\.description)
            }
            return .switched
        case .givenUp(let reason):
            // What was switched was switched, whatever became of its last word.
            if try await isSwitched() { return .switched }
            checks.withLock { $0 = [:] }
            // Nobody has held it, and what was copied is whole.
            if mode == .offline, try await areWritesStopped() { return .putOff(reason.sentence) }
            if let error = pause.error, ![.inTheWay, .unavailable].contains(error.code) { return .failed(error) }
            return .givenUp(pause.error?.message ?? reason.sentence)
        }
    }

    /// What would hold up the pause, asked once more just before the gate (H23).
    private func inTheWay(_ works: [MoveWork], _ mode: MoveMode) async throws -> [String]? {
        guard mode == .live else { return nil }
        var found: [String] = []
        for work in works { found += try await work.move.source.lag(work.ticket).inTheWay }
        return found.isEmpty ? nil : found
    }

    func pause(_ works: [MoveWork], _ mode: MoveMode, checks: [String: OpenChecks] = [:]) -> CutoverPause {
        CutoverPause(
            works, mode: mode, settings: parts.settings, checks: checks, marks: marks.withLock { $0 },
            journal: parts.journal, ledger: ledger, logger: logger)
    }

    func holdSettings(_ works: [MoveWork], _ mode: MoveMode) async -> HoldSettings {
        var isFenced = !works.isEmpty
        for work in works where await ledger.progress[work.move.name]?.hasFence != true { isFenced = false }
        var settings = parts.coordinators.settings(isFenced: isFenced)
        settings.deadline = parts.settings.deadline
        if mode == .offline, !works.isEmpty {
            settings.areWritesStopped = true
            // What was copied is worth nothing once a hold of all requests was given up.
            settings.tries = 1
        }
        settings.cutoverWindow = parts.settings.cutoverWindow
        settings.drainBudget = parts.settings.drainBudget
        settings.passOverSilent = parts.settings.passOverSilent
        return settings
    }

    /// Whether the journal knows the switch.
    private func isSwitched() async throws -> Bool {
        let record = await ledger.record
        guard let known = try await parts.journal.migration(record.id) else { return false }
        if known.phase == .committed { await ledger.takePhase(.committed) }
        return known.phase == .committed
    }

    // MARK: After another's cutover

    /// Finds out what the cutover of a coordinator that is gone has come to, and ends it.
    func settle() async throws -> MigrationEvent {
        let record = await ledger.record
        if try await isSwitched() { return .settled(isSwitched: true) }
        let mode = await ledger.progress.memo.mode ?? .live
        let works = try await works()
        let pause = pause(works, mode)
        let hold = try await parts.journal.hold(of: record.tenant)
        guard let hold, hold.migration.hasPrefix(record.id) else {
            // It had not been held yet, or the hold was ended: with a give-up, else the journal would know.
            let tenant = try await parts.journal.tenant(.id(record.tenant))
            _ = try await pause.settle(tenant?.placement.epoch ?? 0)
            return .settled(isSwitched: false)
        }
        let hasLeft = try await pause.settle(hold.epoch)
        _ = try await parts.journal.release(hold, to: hasLeft ? record.to : record.from, actor: "migration")
        await ledger.note { $0.epoch = hasLeft ? hold.epoch : nil }
        if hasLeft { await ledger.takePhase(.committed) }
        return .settled(isSwitched: hasLeft)
    }
}

extension HoldOutcome.Reason {
    /// For people.
    var sentence: String {
        switch self {
        case .inTheWay(let paths): "Requests did not end in time: \(paths.joined(separator: ", "))."
        case .silent(let nodes):
            "Nodes did not answer: \(nodes.map(\.id).joined(separator: ", ")). `nodes list` shows them; one that is "
                + "gone for good is taken away by `nodes remove`."
        case .targetDown(let region): "No app instance in \(region) takes calls, as far as its nodes see."
        case .mayStillWork(let nodes):
            "The app may still be working for nodes that have ended: \(nodes.map(\.id).joined(separator: ", "))."
        case .ahead(let epoch): "A node knows a later epoch of the tenant, \(epoch)."
        case .undecided: "The pause was longer than it may be."
        case .directory(let sentence): sentence
        }
    }
}
