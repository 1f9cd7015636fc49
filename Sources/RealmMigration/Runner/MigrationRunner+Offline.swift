import Synchronization
import TenantDirectory

/// A move that is not live (amendment H16): from before the first row is read until the decision the tenant is read on
/// at the source, and not written. What may write is refused by the gate, what comes past it by the fence.
extension MigrationRunner {
    /// Stops the writes, copies everything but what makes the app act, and compares it.
    ///
    /// What was stopped stays so when a step fails and is tried again, and where another node takes over; the fence of
    /// a copy that has begun is never raised anew, but has to be up still.
    func copyStandingStill() async throws -> MigrationEvent {
        let works = try await works()
        // Of two regions on one store nothing is copied.
        guard !works.isEmpty else { return .copied }
        let record = await ledger.record
        let coordinator = parts.coordinators.coordinator(await holdSettings(works, .offline))
        let pause = pause(works, .offline)
        let hold: TenantHold
        switch await coordinator.stopWrites(
            record.tenant, migration: record.holdName, source: record.from, target: record.to,
            giveUp: { await pause.giveUp($0) })
        {
        case .failure(let reason): return .putOff(reason.sentence)
        case .success(let made): hold = made
        }
        let now = parts.now()
        await ledger.note { if $0.writesStoppedAt == nil { $0.writesStoppedAt = now } }
        let start = stoppedAt.withLock { since in
            let start = since ?? .now
            since = start
            return start
        }
        try await until(start + parts.settings.offlineBudget) {
            for work in works { try await self.raiseFence(work, hold) }
            await self.ledger.note { $0.fenced = hold.epoch }
            for work in works {
                try await work.copy(activating: false)
                try await work.verifyCopy()
            }
            try await self.checkSchema()
        }
        return .copied
    }

    private func until(_ end: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                try await Task.sleep(until: end, clock: .continuous)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() != false else {
                throw MigrationError(
                    .blocked,
                    "The copy took longer than the tenant's writes may stand still (migration.offlineBudget, "
                        + "\(parts.settings.offlineBudget)). Raise that, or move the tenant live.")
            }
        }
    }

    private func raiseFence(_ work: MoveWork, _ hold: TenantHold) async throws {
        let isBegun = try await !work.move.target.cursors(work.ticket).isEmpty
        do {
            try await work.move.source.raiseFence(
                work.ticket, epoch: hold.epoch, onlyWhereUp: isBegun, within: parts.settings.offlineBudget)
        } catch {
            guard error.code == .overtaken else { throw error }
            let row = try await work.move.source.claim(work.ticket)
            // A node that heard nothing for long has let the writes go on: there is another epoch to come.
            guard row.state == .open, row.migration == work.ticket.migration,
                row.generation == work.ticket.generation, row.attempt == work.ticket.attempt
            else { throw error }
            throw MigrationError(
                .mustRestart, "Store \(work.move.name): the tenant's writes were let go on before they were copied.",
                cause: error)
        }
    }

    /// Whether the tenant's writes stand still for this migration.
    func areWritesStopped() async throws -> Bool {
        let record = await ledger.record
        guard let hold = try await parts.journal.hold(of: record.tenant) else { return false }
        return hold.state == .moving && hold.isOfMigration(record.id)
    }

    /// The source serves the tenant as before: first its stores, then the directory (H14).
    func letWritesPass() async throws {
        let record = await ledger.record
        guard let hold = try await parts.journal.hold(of: record.tenant), hold.isOfMigration(record.id) else { return }
        for work in try await works() {
            try await ours {
                let decision = try await self.claiming(
                    { ticket throws(MigrationError) in try await work.move.source.claim(ticket) },
                    { ticket throws(MigrationError) in
                        try await work.move.source.decide(ticket, epoch: hold.epoch, .open)
                    })
                guard decision == .open else {
                    throw MigrationError(.badAnswer, "Store \(work.move.name) says that the tenant has left already.")
                }
            }
        }
        try await parts.coordinators.coordinator(parts.coordinators.settings(isFenced: false)).letGo(hold)
        writesPass()
        await ledger.note { $0.writesStoppedAt = nil }
    }

    /// They do again, at the source or where the tenant is now.
    func writesPass() { stoppedAt.withLock { $0 = nil } }
}
