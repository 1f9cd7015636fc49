import Foundation
import TenantDirectory

/// A migration's record as its holder has it, and the one way to write it: one write at a time, each with the newest
/// that is known, so that no older word follows a newer one.
actor MigrationLedger {
    private(set) var record: MigrationRecord
    private(set) var progress: MigrationProgress
    private let journal: any MigrationStore
    private let turn = Turn()
    private var isWritten = false
    /// When the journal was last known to say that this node has the lease.
    private var confirmedAt = ContinuousClock.now

    init(_ record: MigrationRecord, journal: any MigrationStore) {
        self.record = record
        self.journal = journal
        progress =
            (try? JSONDecoder().decode(MigrationProgress.self, from: Data(record.progress.utf8))) ?? MigrationProgress()
    }

    /// Since when the journal has not been heard.
    var silence: Duration { .now - confirmedAt }

    func note(_ change: @Sendable (inout MigrationProgress) -> Void) {
        change(&progress)
        isWritten = false
    }

    /// Has what the machine says in the journal before it is acted on.
    func store(_ machine: MigrationMachine, now: Int64) async throws(DirectoryError) {
        let before = record
        record.phase = machine.phase
        record.attempt = machine.attempt
        record.isReturn = machine.isReturn
        record.purgeAt = machine.purgeAt
        record.reason = machine.reason
        if progress.memo != machine.memo || progress.reached[machine.phase.rawValue] == nil {
            progress.memo = machine.memo
            progress.reached[machine.phase.rawValue] = now
            isWritten = false
        }
        guard record != before || !isWritten else { return }
        try await write()
    }

    func conclude(findings: String? = nil, receipt: String? = nil) {
        if let findings { record.findings = findings }
        if let receipt { record.receipt = receipt }
        isWritten = false
    }

    /// Raises the generation of the lease above what a store has answered.
    /// - Throws: `.conflict` where the lease is another's.
    func raise(above generation: Int64, atOnce: Int) async throws(DirectoryError) {
        await turn.take()
        let result: Result<MigrationRecord?, DirectoryError>
        do throws(DirectoryError) {
            guard let holder = record.lease.holder else { throw Self.lost(record.id) }
            result = .success(
                try await journal.takeMigration(
                    record.id, by: holder, seen: record.lease, above: generation, atOnce: atOnce))
        } catch {
            result = .failure(error)
        }
        turn.give()
        guard let raised = try result.get() else { throw Self.lost(record.id) }
        record.lease = raised.lease
    }

    private static func lost(_ id: String) -> DirectoryError {
        DirectoryError(.conflict, "Another node works on migration \(id).")
    }

    /// Reads the phase that somebody else may have written: the switch.
    func takePhase(_ phase: MigrationPhase) { record.phase = phase }

    /// A sign of life, with what is known.
    /// - Throws: `.conflict` where the lease is another's.
    func write() async throws(DirectoryError) {
        await turn.take()
        let result: Result<MigrationRecord, DirectoryError>
        if !isWritten { record.progress = Self.text(progress) }
        isWritten = true
        let sentAt = ContinuousClock.now
        do throws(DirectoryError) { result = .success(try await journal.saveMigration(record)) } catch {
            isWritten = false
            result = .failure(error)
        }
        turn.give()
        let saved = try result.get()
        confirmedAt = sentAt
        record.wishes = saved.wishes
        record.lease.counter = max(record.lease.counter, saved.lease.counter)
        if record.phase == .cuttingOver, saved.phase == .committed { record.phase = .committed }
    }

    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
