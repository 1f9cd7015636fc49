import Foundation
import Logging
import Synchronization
import TenantDirectory

/// Works on one migration whose lease this node has: asks the machine, writes what it says into the journal, does it.
final class MigrationRunner: Sendable {
    let parts: MigrationParts
    let ledger: MigrationLedger
    let logger: Logger
    private let throttle: Throttle
    /// Rows to be compared again, by store; `nil` before the copy was compared by this process.
    let checks = Mutex<[String: OpenChecks]>([:])
    /// What ``MoveWork/watchMark()`` was, by store, before everything was compared that is not in `checks`.
    let marks = Mutex<[String: String]>([:])
    /// Both sides of the stores know this node's lease.
    let hasClaimed = Mutex(false)
    /// When a round of what follows last looked at the schema.
    let schemaCheckedAt = Mutex<ContinuousClock.Instant?>(nil)
    /// Since when the tenant's writes stand still, as far as this node knows.
    let stoppedAt = Mutex<ContinuousClock.Instant?>(nil)
    /// What is being done, so that a wish can stop it.
    private let running = Mutex<Task<MigrationEvent, Never>?>(nil)

    init(_ record: MigrationRecord, _ parts: MigrationParts) {
        self.parts = parts
        ledger = MigrationLedger(record, journal: parts.journal)
        throttle = Throttle(bytesPerSecond: parts.settings.bytesPerSecond)
        var logger = parts.logger
        logger[metadataKey: "migration"] = "\(record.id)"
        logger[metadataKey: "tenant"] = "\(record.tenant)"
        self.logger = logger
    }

    /// Works until the migration is over, waits for a time that is far, or the lease is lost.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.beat() }
            group.addTask { await self.work() }
            await group.next()
            group.cancelAll()
        }
        // The next one need not wait for the lease to end.
        try? await parts.journal.leaveMigration(await ledger.record)
    }

    private var now: Int64 { parts.now() }

    private func work() async {
        await recallWhatWasDecided()
        var machine = MigrationMachine(
            await ledger.record, memo: await ledger.progress.memo, rules: parts.settings.rules)
        while !Task.isCancelled {
            machine.wishes = await ledger.record.wishes
            let before = machine.phase
            let action = machine.next(now: now)
            guard await store(machine) else { return }
            if machine.phase != before { say(machine) }
            if action == .leave { return }
            let event = await perform(action)
            guard !Task.isCancelled else { return }
            let phase = machine.phase
            machine.take(event, now: now)
            guard await store(machine) else { return }
            if machine.phase != phase { say(machine) }
            if case .failed(let error) = event {
                logger.warning(
                    "A step of a migration has failed.",
                    metadata: ["phase": "\(phase.rawValue)", "error": "\(error)"])
            }
        }
    }

    private func say(_ machine: MigrationMachine) {
        logger.info(
            "A migration has reached its next phase.",
            metadata: ["phase": "\(machine.phase.rawValue)", "reason": "\(machine.reason)"])
    }

    /// Writes what the machine says, until the journal has it.
    /// - Returns: `false` where the migration is another's now.
    private func store(_ machine: MigrationMachine) async -> Bool {
        while !Task.isCancelled {
            do throws(DirectoryError) {
                try await ledger.store(machine, now: now)
                return true
            } catch {
                guard error.code == .unavailable || error.code == .busy else {
                    logger.warning("A migration is left to another node.", metadata: ["error": "\(error.message)"])
                    return false
                }
            }
            try? await Task.sleep(for: parts.settings.beatInterval)
        }
        return false
    }

    /// Signs of life; ends where the lease is lost. A wish to cancel stops what is being done.
    private func beat() async {
        var recalledAt = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: parts.settings.beatInterval)
            do throws(DirectoryError) { try await ledger.write() } catch {
                guard error.code == .unavailable || error.code == .busy else { return }
                // Others may take it for given up; it is so a little sooner here.
                if await ledger.silence > parts.settings.leaseTimeout * 0.8 { return }
            }
            let record = await ledger.record
            if record.phase == .committed, ContinuousClock.now - recalledAt >= parts.settings.recallInterval {
                await recallWhatWasDecided()
                recalledAt = .now
            }
            if record.wishes.contains(.cancel), record.phase.isBeforeSwitch, record.phase != .cuttingOver {
                running.withLock { $0?.cancel() }
            }
        }
    }

    private func perform(_ action: MigrationAction) async -> MigrationEvent {
        if case .wait(let duration) = action {
            try? await Task.sleep(for: min(duration, parts.settings.beatInterval))
            return .waited
        }
        let task = Task {
            do { return try await self.act(action) } catch let error as MigrationError {
                return .failed(error)
            } catch let error as DirectoryError {
                return .failed(MigrationError(.unavailable, error.message, cause: error.cause))
            } catch {
                // It was stopped.
                return .waited
            }
        }
        running.withLock { $0 = task }
        defer { running.withLock { $0 = nil } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func act(_ action: MigrationAction) async throws -> MigrationEvent {
        switch action {
        case .settle, .copy, .follow, .cutOver:
            // Whoever takes over says so to the stores before anything else.
            if !hasClaimed.withLock({ $0 }) { try await claim() }
        default: break
        }
        return switch action {
        case .settle: try await settle()
        case .look: try await look()
        case .prepare: try await prepare()
        case .copy: try await copy()
        case .follow: try await follow()
        case .cutOver: try await cutOver()
        case .finish: try await finish()
        case .purge: try await purge()
        case .cleanUp: try await cleanUp()
        case .wait, .leave: .waited
        }
    }

    // MARK: What the steps share

    /// By what authority a store is asked: as the record stands now.
    func ticket() async throws -> MoveTicket {
        let record = await ledger.record
        guard let tenant = try await parts.journal.tenant(.id(record.tenant)) else {
            throw MigrationError(.blocked, "There is no tenant \(record.tenant) any more.")
        }
        return MoveTicket(
            migration: record.isReturn ? Self.returnName(of: record.id) : record.id, tenant: record.tenant,
            names: TenantNames(
                clientKey: tenant.alias(.connect)?.name, installationID: tenant.alias(.forge)?.name,
                cloudID: tenant.cloudID, hostBaseURL: tenant.hostBaseURL),
            source: record.from, target: record.to, directory: try await parts.journal.directoryName(),
            generation: record.lease.generation, attempt: record.attempt)
    }

    /// What the stores know the way back as: for them it is a migration like any other.
    static func returnName(of id: String) -> String {
        String(SHA256.hexDigest(of: Array("return of \(id)".utf8)).prefix(id.utf8.count))
    }

    func moves() async throws -> [StoreMove] {
        let record = await ledger.record
        return try parts.stores.moves(from: record.from, to: record.to)
    }

    /// The stores whose data moves; those that are one and the same on both sides are left out.
    func works() async throws -> [MoveWork] {
        let ticket = try await ticket()
        let progress = await ledger.progress
        var works = try await moves().filter { progress[$0.name]?.isShared != true }.map { work($0, ticket) }
        // Where the one that would decide is shared, the next one does.
        if !works.isEmpty, !works.contains(where: \.move.isDeciding) {
            let first = works[0].move
            works[0] = work(
                StoreMove(name: first.name, isDeciding: true, source: first.source, target: first.target), ticket)
        }
        return works
    }

    private func work(_ move: StoreMove, _ ticket: MoveTicket) -> MoveWork {
        MoveWork(
            move: move, ticket: ticket, ledger: ledger, throttle: throttle, lanesAtOnce: parts.settings.lanesAtOnce)
    }
}
