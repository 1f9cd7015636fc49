import TenantDirectory
import Testing

@testable import RealmMigration

@Suite("A tenant's row in a store")
struct StoreRowTests {
    static let ticket = MoveTicket.sample()
    static let states: [StoreClaim.State] = [.open, .fenced, .moved, .purging, .arriving, .sealed]
    static let acts: [StoreAct] = [
        .claim, .prepare, .arrive, .write, .fence(epoch: 8), .lift(epoch: 8), .decide(epoch: 8, .open),
        .decide(epoch: 8, .moved(token: "t")), .seal(epoch: 8, token: "t"), .open(epoch: 8, token: "t"), .unseal,
        .purge,
        .purged, .giveUp, .empty, .emptied, .finish,
    ]

    /// Every row that differs in what matters.
    static let rows: [StoreRow] = states.flatMap { state in
        [Int64(0), 7, 8, 9].flatMap { epoch in
            [Int64(4), 5, 6].flatMap { generation in
                ["", ticket.migration, "another"].flatMap { migration in
                    [nil, "t", "u"].map { token in
                        StoreRow(
                            state: state, epoch: epoch, generation: generation, attempt: 1, migration: migration,
                            directory: "d", other: "US", token: token)
                    }
                }
            }
        }
    }

    @Test("never loses epoch or generation, whatever is asked of it", arguments: acts)
    func neverFalls(act: StoreAct) {
        for row in Self.rows {
            guard case .change(let next) = row.answer(to: act, by: Self.ticket) else { continue }
            #expect(next.epoch >= row.epoch && next.generation >= row.generation, "\(row) \(act)")
        }
    }

    @Test("changes by its holder's hand alone, but for giving up and for what the token opens", arguments: acts)
    func holder(act: StoreAct) {
        for row in Self.rows where !row.isHeld(by: Self.ticket) {
            guard case .change(let next) = row.answer(to: act, by: Self.ticket) else { continue }
            switch act {
            case .claim: #expect(row.migration.isEmpty || row.migration == Self.ticket.migration)
            case .decide(_, .open):
                #expect(row.migration == Self.ticket.migration && next.state == .open)
            case .open: #expect(row.token == "t" && row.state == .sealed && row.migration == Self.ticket.migration)
            default: Issue.record("\(row) was changed by \(act)")
            }
        }
    }

    @Test("goes only where a migration goes", arguments: acts)
    func moves(act: StoreAct) {
        let allowed: [StoreClaim.State: Set<StoreClaim.State>] = [
            .open: [.open, .fenced, .arriving], .fenced: [.fenced, .open, .moved],
            .moved: [.moved, .purging, .arriving],
            .purging: [.purging, .moved], .arriving: [.arriving, .sealed, .open], .sealed: [.sealed, .open, .arriving],
        ]
        for row in Self.rows {
            guard case .change(let next) = row.answer(to: act, by: Self.ticket) else { continue }
            #expect(allowed[row.state]?.contains(next.state) == true, "\(row) \(act) \(next)")
            // What has left comes back only where nothing is left to be lost.
            if row.state == .purging { #expect(next.state == .moved || act == .claim) }
        }
    }

    @Test("refuses the fence and the decision of an epoch that was given up")
    func givenUp() throws {
        let fenced = StoreRow(held: .fenced, epoch: 8)
        let open = try #require(fenced.answer(to: .decide(epoch: 8, .open), by: Self.ticket).changed)
        #expect(open.state == .open && open.epoch == 8)
        #expect(open.answer(to: .fence(epoch: 8), by: Self.ticket).code == .overtaken)
        #expect(open.answer(to: .decide(epoch: 8, .moved(token: "t")), by: Self.ticket) == .decided(.open))
        // A later one is another matter.
        #expect(open.answer(to: .fence(epoch: 9), by: Self.ticket).changed?.state == .fenced)
    }

    @Test("lifts a fence to a higher epoch only where it has stood all the time, and only upward")
    func lifted() throws {
        let fenced = StoreRow(held: .fenced, epoch: 8)
        let lifted = try #require(fenced.answer(to: .lift(epoch: 9), by: Self.ticket).changed)
        #expect(lifted.state == .fenced && lifted.epoch == 9)
        #expect(lifted.answer(to: .lift(epoch: 9), by: Self.ticket) == .asItIs)
        for act in [StoreAct.lift(epoch: 8), .fence(epoch: 8), .decide(epoch: 8, .moved(token: "t"))] {
            #expect(lifted.answer(to: act, by: Self.ticket).code == .overtaken, "\(act)")
        }
        // What was let go at the lower epoch cannot take back what stands at the higher one.
        #expect(lifted.answer(to: .decide(epoch: 8, .open), by: Self.ticket).code == .overtaken)
        let open = try #require(fenced.answer(to: .decide(epoch: 8, .open), by: Self.ticket).changed)
        #expect(open.answer(to: .lift(epoch: 9), by: Self.ticket).code == .mustRestart)
        var older = Self.ticket
        older.generation = 4
        #expect(fenced.answer(to: .lift(epoch: 9), by: older).code == .overtaken)
        for state in [StoreClaim.State.moved, .purging, .arriving, .sealed] {
            #expect(StoreRow(held: state, epoch: 7).answer(to: .lift(epoch: 9), by: Self.ticket).code == .overtaken)
        }
    }

    @Test("tells whoever decides second what was decided")
    func decided() throws {
        let fenced = StoreRow(held: .fenced, epoch: 8)
        let moved = try #require(fenced.answer(to: .decide(epoch: 8, .moved(token: "t")), by: Self.ticket).changed)
        #expect(moved.state == .moved)
        #expect(moved.answer(to: .decide(epoch: 8, .open), by: Self.ticket) == .decided(.moved(token: "t")))
        #expect(
            moved.answer(to: .decide(epoch: 8, .moved(token: "x")), by: Self.ticket) == .decided(.moved(token: "t")))
        #expect(moved.answer(to: .giveUp, by: Self.ticket).code == .overtaken)
        #expect(moved.answer(to: .fence(epoch: 9), by: Self.ticket).code == .overtaken)
    }

    @Test("opens by the token of its seal, once and again, and nothing is applied after the seal")
    func opened() throws {
        let sealed = try #require(
            StoreRow(held: .arriving, epoch: 0).answer(to: .seal(epoch: 8, token: "t"), by: Self.ticket).changed)
        #expect(sealed.answer(to: .write, by: Self.ticket).code == .overtaken)
        #expect(sealed.answer(to: .empty, by: Self.ticket).code == .overtaken)
        #expect(sealed.answer(to: .open(epoch: 8, token: "u"), by: Self.ticket).code == .overtaken)
        let open = try #require(sealed.answer(to: .open(epoch: 8, token: "t"), by: Self.ticket).changed)
        #expect(open.state == .open && open.epoch == 9)
        #expect(open.answer(to: .open(epoch: 8, token: "t"), by: Self.ticket) == .asItIs)
        for act in [StoreAct.write, .arrive, .empty, .emptied, .unseal] {
            #expect(open.answer(to: act, by: Self.ticket).code == .overtaken, "\(act)")
        }
        let finished = try #require(open.answer(to: .finish, by: Self.ticket).changed)
        #expect(finished.answer(to: .open(epoch: 8, token: "t"), by: Self.ticket) == .asItIs)
        #expect(finished.answer(to: .empty, by: Self.ticket) == .asItIs)
    }

    @Test("is claimed by a higher generation alone, and by another migration only when the last one is over")
    func claimed() {
        var later = Self.ticket
        later.generation = 6
        var other = later
        other.migration = "another"
        let held = StoreRow(held: .fenced, epoch: 8)
        #expect(held.answer(to: .claim, by: later).changed?.generation == 6)
        #expect(held.answer(to: .claim, by: other).code == .overtaken)
        var older = Self.ticket
        older.generation = 4
        #expect(held.answer(to: .claim, by: older) == .asItIs)
        #expect(held.answer(to: .fence(epoch: 9), by: older).code == .overtaken)
        var free = held
        free.migration = ""
        free.state = .open
        #expect(free.answer(to: .claim, by: other).changed?.migration == "another")
        other.generation = 5
        #expect(free.answer(to: .claim, by: other) == .asItIs)
    }
}

extension StoreRow {
    /// One that the sample ticket holds.
    init(held state: StoreClaim.State, epoch: Int64) {
        let ticket = MoveTicket.sample()
        self.init(
            state: state, epoch: epoch, generation: ticket.generation, attempt: ticket.attempt,
            migration: ticket.migration, directory: ticket.directory)
    }
}

extension StoreAnswer {
    var changed: StoreRow? {
        if case .change(let row) = self { return row }
        return nil
    }

    var code: MigrationError.Code? {
        if case .refused(let code, _) = self { return code }
        return nil
    }
}

extension MoveTicket {
    /// A ticket of a tenant whose client key is `key`.
    static func sample(
        migration: String = String(repeating: "a1", count: 16), clientKey: String = "X", generation: Int64 = 5,
        attempt: Int64 = 1
    ) -> MoveTicket {
        MoveTicket(
            migration: migration, tenant: TenantID(high: 1, low: UInt64(bitPattern: Int64(clientKey.hashValue))),
            names: TenantNames(clientKey: clientKey), source: .sampleSource, target: .sampleTarget,
            directory: "directory",
            generation: generation, attempt: attempt)
    }
}

extension Region {
    static let sampleSource = Region("EU") ?? .global
    static let sampleTarget = Region("US") ?? .global
}
