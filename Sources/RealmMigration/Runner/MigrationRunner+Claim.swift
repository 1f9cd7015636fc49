import Synchronization
import TenantDirectory

/// Saying to the stores who leads.
extension MigrationRunner {
    /// Writes this node's authority into the tenant's row on both sides of every store: with a generation that is above
    /// all that is found there (H35). Where it had to be raised, every side is told the new one.
    func claim() async throws {
        var known: Int64
        repeat {
            known = try await ticket().generation
            for move in try await moves() {
                try await claim { ticket throws(MigrationError) in try await move.source.claim(ticket) }
                if await ledger.progress[move.name]?.isShared == true {
                    try await checkIsShared(move)
                } else {
                    try await claim { ticket throws(MigrationError) in try await move.target.claim(ticket) }
                }
            }
        } while try await ticket().generation != known
        hasClaimed.withLock { $0 = true }
    }

    /// One store shows on its other side what was written on this one a moment ago; a copy of it does not (H29). For
    /// stores that keep no nonce.
    private func checkIsShared(_ move: StoreMove) async throws {
        let ticket = try await ticket()
        if try await move.source.probe(ticket, writing: nil) != nil { return try await checkPlaces(move) }
        let seen = try await move.target.claim(ticket)
        guard seen.migration == ticket.migration, seen.generation == ticket.generation else {
            throw Self.isClone(move, ticket)
        }
    }

    private static func isClone(_ move: StoreMove, _ ticket: MoveTicket) -> MigrationError {
        MigrationError(
            .blocked,
            "Store \(move.name): the databases of \(ticket.source) and \(ticket.target) have one id and are not one: "
                + "the one is a copy of the other. `residency-gateway stores adopt \(move.name) REGION` gives the copy "
                + "an id of its own.")
    }

    /// Both sides are the stores that they were when the move was prepared, and one store or two as they were then:
    /// what is written through one URL is read through the other, both ways, or through neither (H2, H29).
    func checkPlaces(_ move: StoreMove) async throws {
        let ticket = try await ticket()
        let known = await ledger.progress[move.name]
        // Another migration may ask the same at the same moment.
        for _ in 0..<5 {
            let (one, other) = (Self.nonce(), Self.nonce())
            guard let here = try await move.source.probe(ticket, writing: one),
                let seenThere = try await move.target.probe(ticket, writing: nil),
                let there = try await move.target.probe(ticket, writing: other),
                let seenHere = try await move.source.probe(ticket, writing: nil)
            else { return }
            guard known?.ids?[ticket.source.code] == here.storeID, known?.ids?[ticket.target.code] == there.storeID
            else {
                throw MigrationError(
                    .blocked,
                    "Store \(move.name): the URLs of \(ticket.source) and \(ticket.target) do not lead to the "
                        + "databases that this migration was prepared with. Put them right in `stores`.")
            }
            let isOne = seenThere.nonce == one && seenHere.nonce == other
            if isOne == (here.storeID == there.storeID) { return }
        }
        throw Self.isClone(move, ticket)
    }

    private static func nonce() -> String { Hexadecimal.lowerCase(SecureRandom.bytes(16)) }

    /// Claims one side, with a higher generation where it must be.
    private func claim(_ body: (MoveTicket) async throws(MigrationError) -> StoreClaim) async throws {
        for _ in 0..<3 {
            let ticket = try await ticket()
            let found = try await body(ticket)
            let isOurs = found.migration == ticket.migration
            if isOurs, found.attempt > ticket.attempt {
                throw MigrationError(.mustRestart, "A store knows a later attempt of this migration than its record.")
            }
            guard found.generation > ticket.generation || found.generation == ticket.generation && !isOurs else {
                return
            }
            try await ledger.raise(above: found.generation, atOnce: parts.settings.atOnce)
        }
        throw MigrationError(.overtaken, "Another coordinator claims the tenant again and again.")
    }

    /// An act upon one side that this node may have to claim first: after a takeover, of a migration that is all but
    /// over there.
    func claiming<Value>(
        _ claim: (MoveTicket) async throws(MigrationError) -> StoreClaim,
        _ body: (MoveTicket) async throws(MigrationError) -> Value
    ) async throws -> Value {
        do { return try await body(try await ticket()) } catch let error as MigrationError {
            guard error.code == .overtaken else { throw error }
        }
        try await self.claim(claim)
        return try await body(try await ticket())
    }
}
