import TenantDirectory

/// After the switch, and after a give-up.
extension MigrationRunner {
    /// Takes away what only the move needed, and writes the receipt.
    func finish() async throws -> MigrationEvent {
        for work in try await works() {
            try await claiming(
                { ticket throws(MigrationError) in try await work.move.target.claim(ticket) },
                { ticket throws(MigrationError) in try await work.move.target.finish(ticket) })
            try await claiming(
                { ticket throws(MigrationError) in try await work.move.source.claim(ticket) },
                { ticket throws(MigrationError) in try await work.move.source.finish(ticket) })
        }
        try await writeReceipt()
        return .finished
    }

    /// Deletes the rows at the old place, once the new one was seen to have them (H31).
    func purge() async throws -> MigrationEvent {
        for work in try await works() {
            try await checkTarget(work)
            while true {
                try Task.checkCancellation()
                let left = try await claiming(
                    { ticket throws(MigrationError) in try await work.move.source.claim(ticket) },
                    { ticket throws(MigrationError) in
                        try await work.move.source.purge(ticket, limit: parts.settings.purgeRows)
                    })
                if left == 0 { break }
            }
        }
        try await writeReceipt()
        return .purged
    }

    /// What is deleted is a copy: the target is the store that the tenant was moved to, and has rows of it.
    private func checkTarget(_ work: MoveWork) async throws {
        let mode = await ledger.progress.memo.mode ?? .live
        let known = await ledger.progress[work.move.name]
        let found = try await work.move.target.survey(work.ticket, mode: mode)
        let isGone = try await parts.journal.tenant(.id(work.ticket.tenant))?.state == .uninstalled
        // The app deletes the rows of a tenant that has uninstalled it.
        let moved = isGone ? 0 : known?.verified.reduce(0) { $0 + $1.rows } ?? 0
        let kept = found.tables.reduce(0) { $0 + $1.rows }
        guard found.storeID == known?.targetID, moved == 0 || kept > 0 else {
            throw MigrationError(
                .blocked,
                "Store \(work.move.name) in \(work.ticket.target) is not the one that the tenant was moved to, or has "
                    + "lost its rows: nothing is deleted in \(work.ticket.source). Restore it, or bring the tenant "
                    + "back by hand.")
        }
    }

    /// Leaves both sides as they were.
    func cleanUp() async throws -> MigrationEvent {
        try await takeAway()
        try await writeReceipt()
        return .cleanedUp
    }

    func takeAway() async throws {
        // What was refused at its first look has left nothing anywhere.
        guard await !ledger.progress.stores.isEmpty else { return }
        for work in try await works() {
            try await ours {
                try await claiming(
                    { ticket throws(MigrationError) in try await work.move.target.claim(ticket) },
                    { ticket throws(MigrationError) in try await work.move.target.cleanUp(ticket) })
            }
            try await ours {
                try await claiming(
                    { ticket throws(MigrationError) in try await work.move.source.claim(ticket) },
                    { ticket throws(MigrationError) in try await work.move.source.cleanUp(ticket) })
            }
        }
    }

    /// A side that another migration has is not this one's to clean up.
    private func ours(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as MigrationError {
            guard error.code == .overtaken else { throw error }
        }
    }

    private func writeReceipt() async throws {
        let record = await ledger.record
        let receipt = MigrationReceipt(record, progress: await ledger.progress, node: parts.node.id)
        let signed = SignedReceipt(receipt) { parts.journal.sign($0) }
        await ledger.conclude(receipt: signed.text)
    }
}
