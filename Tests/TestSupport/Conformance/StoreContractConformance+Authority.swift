import RealmMigration
import Testing

/// Who may act, what is repeated, what comes late.
extension StoreContractConformance {
    static let authorityCases = [
        Case("a coordinator that was taken over from does nothing any more") { try await $0.takenOver() },
        Case("a claim tells what the row said, and writes nothing where it is behind") { try await $0.claims() },
        Case("a tenant that another migration moves, or another directory knows, cannot be claimed") {
            try await $0.foreign()
        },
        Case("a survey names what is there, the store's own id, and leftovers of the tenant in the target") {
            try await $0.survey()
        },
    ]

    static let importCases = [
        Case("a batch that is repeated is taken once; one that follows another cursor is not taken") {
            try await $0.repeated()
        },
        Case("a new attempt begins with an empty target") { try await $0.newAttempt() },
        Case("nothing is taken after the seal, and the seal's token is the same when asked again") {
            try await $0.sealed()
        },
    ]

    static let decisionCases = [
        Case("a frozen row takes a higher epoch, and says so where it has been let go meanwhile") {
            try await $0.lifted()
        },
        Case("a freeze that comes after the thaw of its epoch is too late") { try await $0.lateFreeze() },
        Case("whoever decides second is told what was decided") { try await $0.secondDecision() },
        Case("the target opens for the seal's token alone, and answers the same when asked again") {
            try await $0.opening()
        },
    ]

    func takenOver() async throws {
        try await seed(3)
        let old = ticket()
        try await begin(old, .live)
        let batch = try await from.source.copyBatch(old, lane: try await lane(old), after: "")
        let new = ticket(generation: 2)
        #expect(try await from.source.claim(new).generation == 1)
        #expect(try await to.target.claim(new).generation == 1)
        #expect(await code { try await from.source.raiseFence(old, epoch: 8, within: .seconds(1)) } == .overtaken)
        #expect(await code { _ = try await from.source.decide(old, epoch: 8, .open) } == .overtaken)
        #expect(await code { _ = try await from.source.purge(old, limit: 10) } == .overtaken)
        #expect(await code { try await from.source.cleanUp(old) } == .overtaken)
        #expect(await code { _ = try await to.target.apply(old, batch) } == .overtaken)
        #expect(await code { _ = try await to.target.seal(old, epoch: 8) } == .overtaken)
        #expect(await code { try await to.target.cleanUp(old) } == .overtaken)
        #expect(try await from.write(name, "is served"))
        try await copy(new)
        try await switchOver(new, epoch: 8)
    }

    /// A lane that has rows.
    private func lane(_ ticket: MoveTicket) async throws -> String {
        try #require(try await from.source.lanes(ticket).first { $0.rows >= 3 }).name
    }

    func claims() async throws {
        let first = try await from.source.claim(ticket(generation: 4, attempt: 2))
        #expect(first.state == .open && first.generation == 0 && first.migration.isEmpty)
        let behind = try await from.source.claim(ticket(generation: 3, attempt: 2))
        #expect(behind.generation == 4 && behind.migration == "m1")
        #expect(
            await code { try await from.source.prepare(ticket(generation: 3, attempt: 2), mode: .live) } == .overtaken)
        try await from.source.prepare(ticket(generation: 4, attempt: 2), mode: .live)
    }

    func foreign() async throws {
        try await seed(2)
        let ticket = ticket()
        try await begin(ticket, .live)
        let other = self.ticket(generation: 9, migration: "m2")
        #expect(await code { _ = try await to.target.claim(other) } == .overtaken)
        try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(1))
        #expect(await code { _ = try await from.source.claim(other) } == .overtaken)
        #expect(try await from.source.decide(ticket, epoch: 8, .open) == .open)
        var foreign = other
        foreign.directory = "directory-2"
        #expect(await code { _ = try await from.source.claim(foreign) } == .overtaken)
        _ = try await from.source.claim(other)
        #expect(await code { try await from.source.cleanUp(ticket) } == .overtaken)
    }

    func survey() async throws {
        try await seed(3)
        let here = try await from.source.survey(ticket(), mode: .live)
        let there = try await to.target.survey(ticket(), mode: .live)
        #expect(here.storeID != there.storeID)
        #expect(try await from.source.survey(ticket(), mode: .live).storeID == here.storeID)
        #expect(here.schemaFingerprint == there.schemaFingerprint)
        #expect(here.tables.contains { $0.rows == 3 && $0.isLive })
        #expect(here.blockers.isEmpty && there.blockers.isEmpty)
        #expect(try await to.write(name, "was here before"))
        #expect(!(try await to.target.survey(ticket(), mode: .live).blockers.isEmpty))
        _ = try await to.target.claim(ticket())
        #expect(await code { try await to.target.prepare(ticket(), mode: .live) } == .blocked)
    }

    // MARK: Importing

    func repeated() async throws {
        try await seed(6)
        let ticket = ticket()
        try await begin(ticket, .live)
        let batch = try await from.source.copyBatch(ticket, lane: try await lane(ticket), after: "")
        for _ in 0..<3 { #expect(try await to.target.apply(ticket, batch) == batch.after) }
        #expect(try await to.texts(name).count == 6)
        var stray = batch
        stray.before = "elsewhere"
        stray.after = "further"
        #expect(await code { _ = try await to.target.apply(ticket, stray) } == .mustRestart)
        #expect(!(try await to.write(name, "by the app itself, while it arrives")))
    }

    func newAttempt() async throws {
        try await seed(6)
        try await begin(ticket(), .live)
        try await copy(ticket())
        let second = ticket(attempt: 2)
        try await begin(second, .live)
        #expect(try await to.texts(name).isEmpty)
        #expect(try await to.target.cursors(second).isEmpty)
        try await copy(second)
        try await switchOver(second, epoch: 8)
        #expect(try await to.texts(name).count == 6)
    }

    func sealed() async throws {
        try await seed(4)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await copy(ticket)
        try await seed(1, "late")
        let change = try #require(
            try await from.source.changes(ticket, after: "", marker: nil, wait: .zero))
        let token = try await to.target.seal(ticket, epoch: 8)
        #expect(try await to.target.seal(ticket, epoch: 8) == token)
        #expect(await code { _ = try await to.target.apply(ticket, change) } == .overtaken)
        try await to.target.unseal(ticket)
        #expect(try await to.target.apply(ticket, change) == change.after)
    }

    // MARK: Deciding

    func lateFreeze() async throws {
        try await seed(1)
        let ticket = ticket()
        try await begin(ticket, .live)
        #expect(try await from.source.decide(ticket, epoch: 8, .open) == .open)
        #expect(await code { try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(1)) } == .overtaken)
        #expect(try await from.write(name, "not frozen"))
        try await from.source.raiseFence(ticket, epoch: 10, within: .seconds(1))
        try await from.source.raiseFence(ticket, epoch: 10, within: .seconds(1))
        #expect(!(try await from.write(name, "frozen")))
        #expect(await code { _ = try await from.source.decide(ticket, epoch: 8, .open) } == .overtaken)
        #expect(!(try await from.write(name, "still frozen")))
    }

    func lifted() async throws {
        try await seed(1)
        let ticket = ticket()
        try await begin(ticket, .offline)
        func lift(_ epoch: Int64) async -> MigrationError.Code? {
            await code {
                try await from.source.raiseFence(ticket, epoch: epoch, onlyWhereUp: true, within: .seconds(1))
            }
        }
        #expect(await lift(8) == .mustRestart)
        #expect(try await from.write(name, "not frozen"))
        try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(1))
        #expect(await lift(10) == nil)
        #expect(await lift(10) == nil)
        #expect(await lift(8) == .overtaken)
        #expect(await code { _ = try await from.source.decide(ticket, epoch: 8, .open) } == .overtaken)
        #expect(
            await code { _ = try await from.source.decide(ticket, epoch: 8, .moved(token: "token-of-the-seal")) }
                != nil)
        #expect(!(try await from.write(name, "frozen")))
        #expect(try await from.source.decide(ticket, epoch: 10, .open) == .open)
        #expect(await lift(12) == .mustRestart)
        #expect(try await from.write(name, "let go"))
    }

    func secondDecision() async throws {
        try await seed(1)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(1))
        #expect(
            try await from.source.decide(ticket, epoch: 8, .moved(token: "token-of-the-seal"))
                == .moved(token: "token-of-the-seal"))
        #expect(try await from.source.decide(ticket, epoch: 8, .open) == .moved(token: "token-of-the-seal"))
        #expect(
            try await from.source.decide(ticket, epoch: 8, .moved(token: "another-token-of-it"))
                == .moved(token: "token-of-the-seal"))
        #expect(!(try await from.write(name, "it has left")))
    }

    func opening() async throws {
        try await seed(1)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await copy(ticket)
        #expect(await code { try await to.target.open(ticket, epoch: 8, token: "no-token-is-there") } == .overtaken)
        let token = try await to.target.seal(ticket, epoch: 8)
        #expect(await code { try await to.target.open(ticket, epoch: 8, token: "not-the-seals-token") } == .overtaken)
        try await to.target.open(ticket, epoch: 8, token: token)
        try await to.target.open(ticket, epoch: 8, token: token)
        #expect(await code { try await to.target.unseal(ticket) } == .overtaken)
        #expect(await code { try await to.target.cleanUp(ticket) } == .overtaken)
        #expect(try await to.write(name, "served here"))
    }
}
