import TenantDirectory

/// After the switch, and after a give-up.
extension MigrationRunner {
    /// Takes away what only the move needed, and writes the receipt.
    func finish() async throws -> MigrationEvent {
        for work in try await works() {
            try await claiming(
                { ticket throws(MigrationError) in try await work.move.target.claim(ticket) },
                { ticket throws(MigrationError) in try await work.move.target.finish(ticket) })
            // The source's log can bring again what a target forgets that is set back; not once it is given up (H31).
            guard try await work.move.target.standing(work.ticket)?.isFlushed != false else {
                throw MigrationError(
                    .inTheWay,
                    "Store \(work.move.name) in \(work.ticket.target): a standby has not on its disk yet that the "
                        + "tenant is open there; the log is kept at \(work.ticket.source) until it has.")
            }
            try await claiming(
                { ticket throws(MigrationError) in try await work.move.source.claim(ticket) },
                { ticket throws(MigrationError) in try await work.move.source.finish(ticket) })
        }
        try await writeReceipt()
        return .finished
    }

    /// What makes the app act for the tenant leaves the old place.
    func retire() async throws {
        for work in try await works() { try await work.move.source.retire(work.ticket) }
    }

    /// Deletes the rows at the old place. Before each transaction that does the new place is looked at (H31).
    func purge() async throws -> MigrationEvent {
        for work in try await works() {
            try await checkTarget(work)
            try await checkPlaces(work.move)
            while true {
                try Task.checkCancellation()
                try await expectOpen(work)
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

    /// The target is open by the token that the source's decision names, at a later epoch, and was not set back since.
    private func expectOpen(_ work: MoveWork) async throws {
        guard let there = try await work.move.target.standing(work.ticket),
            let here = try await work.move.source.standing(work.ticket)
        else { return }
        let doubt: String? =
            if there.claim.state != .open || there.claim.epoch <= here.claim.epoch {
                "its row says \(there.claim.state.rawValue)(\(there.claim.epoch))."
            } else if there.claim.token == nil || there.claim.token != here.claim.token {
                "it was not opened by what was decided here."
            } else {
                there.doubt
            }
        guard let doubt else { return }
        throw MigrationError(
            .blocked,
            "Store \(work.move.name) in \(work.ticket.target) may have lost what was moved there: \(doubt) Nothing is "
                + "deleted in \(work.ticket.source). Restore it, or bring the tenant back by hand.")
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
        try await letWritesPass()
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
    func ours(_ body: () async throws -> Void) async throws {
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
