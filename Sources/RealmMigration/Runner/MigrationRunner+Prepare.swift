import Synchronization
import TenantDirectory

/// Looking at both sides, and making them ready.
extension MigrationRunner {
    /// What the look at the stores has come to.
    private struct Look {
        var mode: MoveMode
        var stores: [MigrationProgress.Store]
        var report: MigrationPlanReport
    }

    func look() async throws -> MigrationEvent {
        let found = try await lookAtStores(try await ticket())
        await ledger.note { $0.stores = found.stores }
        await ledger.conclude(findings: MigrationLedger.text(found.report))
        return .looked
    }

    func prepare() async throws -> MigrationEvent {
        if try await ticket().attempt > 1 {
            // What an earlier attempt has left stands in nobody's way; a side that was cleaned up is nobody's.
            try await claim()
            try await takeAway()
        }
        let found = try await lookAtStores(try await ticket())
        await ledger.conclude(findings: MigrationLedger.text(found.report))
        guard found.report.blockers.isEmpty else {
            let named = found.report.blockers.prefix(3).map(\.message).joined(separator: " ")
            throw MigrationError(
                .blocked, "It cannot be moved as it is: \(named) `migrate plan` shows all that is in the way.")
        }
        await ledger.note { $0.stores = found.stores }
        try await claim()
        if found.stores.contains(where: \.hasNoID) {
            // A store names itself when it is claimed for the first time; only then it is known whether both are one.
            let named = try await lookAtStores(try await self.ticket(), found.mode)
            await ledger.note { $0.stores = named.stores }
            try await claim()
        }
        for move in try await moves() { try await checkPlaces(move) }
        for work in try await works() {
            try await work.move.source.prepare(work.ticket, mode: found.mode)
            try await work.move.target.prepare(work.ticket, mode: found.mode)
            try await noteSides(work)
        }
        for work in try await works() {
            let mark = try await work.watchMark()
            marks.withLock { $0[work.move.name] = mark }
        }
        checks.withLock { $0 = [:] }
        return .prepared(found.mode)
    }

    /// What both sides are like now that everything is made there: what they are compared with later.
    private func noteSides(_ work: MoveWork) async throws {
        let (from, to) = (work.ticket.source.code, work.ticket.target.code)
        var (schemas, histories): ([String: String], [String: String]) = ([:], [:])
        schemas[from] = try await work.move.source.schemaState(work.ticket)?.own
        schemas[to] = try await work.move.target.schemaState(work.ticket)?.own
        histories[from] = try await work.move.source.standing(work.ticket)?.history
        histories[to] = try await work.move.target.standing(work.ticket)?.history
        let (own, known) = (schemas, histories)
        let name = work.move.name
        await ledger.note { progress in
            progress.update(name) { ($0.ownSchemas, $0.histories, $0.notedFrom) = (own, known, from) }
        }
    }

    // MARK: Looking

    private func lookAtStores(_ ticket: MoveTicket) async throws -> Look {
        let wanted = await ledger.record.mode
        let live = try await lookAtStores(ticket, .live)
        if wanted == .live || wanted == .auto && live.report.blockers.isEmpty { return live }
        var offline = try await lookAtStores(ticket, .offline)
        guard wanted == .auto else { return offline }
        // Better named by what keeps it from moving live than taken down for longer than anybody has agreed to.
        guard offline.report.blockers.isEmpty,
            offline.report.expectedStop ?? 0 <= parts.settings.offlineBudget.inMilliseconds
        else { return live }
        offline.report.warnings += live.report.blockers.map { blocker in
            var warning = blocker
            warning.message = "Not live: \(blocker.message)"
            return warning
        }
        return offline
    }

    private func lookAtStores(_ ticket: MoveTicket, _ mode: MoveMode) async throws -> Look {
        var look = Look(mode: mode, stores: [], report: MigrationPlanReport(mode: mode))
        for entry in parts.stores.entries where entry.kind == .none {
            var store = MigrationProgress.Store(name: entry.name, kind: .none)
            store.reason = entry.reason
            look.stores.append(store)
        }
        let kinds = Dictionary(parts.stores.entries.map { ($0.name, $0.kind) }) { first, _ in first }
        for move in try await moves() {
            async let here = move.source.survey(ticket, mode: mode)
            async let there = move.target.survey(ticket, mode: mode)
            let (source, target) = try await (here, there)
            var store = MigrationProgress.Store(name: move.name, kind: kinds[move.name] ?? .none)
            (store.sourceID, store.targetID) = (source.storeID, target.storeID)
            store.isShared = !source.storeID.isEmpty && source.storeID == target.storeID
            store.ids = [ticket.source.code: source.storeID, ticket.target.code: target.storeID]
            store.hasFence = source.hasFence
            store.schemaFingerprint = source.schemaFingerprint
            look.report.add(move.name, source: source, target: target, isShared: store.isShared)
            look.stores.append(store)
        }
        if let finding = try await differingViews(ticket) { look.report.blockers.append(finding) }
        let isOfHost = if case .host = await ledger.record.trigger { true } else { false }
        look.report.estimate(bytesPerSecond: parts.settings.bytesPerSecond, mode: mode, isOfHost: isOfHost)
        return look
    }

    /// Between nodes that see the regions differently nothing is moved: the one would send a tenant where the other
    /// does not look for it.
    private func differingViews(_ ticket: MoveTicket) async throws -> MigrationPlanReport.Finding? {
        let nodes = try await parts.journal.nodes().filter { node in
            [.starting, .serving].contains(node.state)
                && (node.regions.contains(ticket.source) || node.regions.contains(ticket.target))
        }
        let views = Dictionary(grouping: nodes, by: \.regionView)
        guard views.count > 1 else { return nil }
        let groups = views.values.map { $0.map(\.identity.id).sorted().joined(separator: ", ") }.sorted()
        return MigrationPlanReport.Finding(
            store: "nodes", side: "source", code: "views-differ",
            message: "The nodes differ in their view of the regions: \(groups.joined(separator: " | ")).",
            remedy: "Give all of them the same declaration and defaultRegion; `nodes list` shows what each sees.")
    }
}
