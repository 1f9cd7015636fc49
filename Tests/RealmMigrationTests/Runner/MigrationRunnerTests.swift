import Foundation
import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

/// One at a time: each has nodes of its own that look into a directory of its own again and again.
@Suite("A migration", .serialized, .timeLimit(.minutes(5)))
struct MigrationRunnerTests {
    @Test("moves every row, switches, and purges the old place", arguments: [MigrationRecord.Mode.live, .offline])
    func moves(_ mode: MigrationRecord.Mode) async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order { $0.mode = mode }
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(committed.phase == .committed, "\(committed.reason)")
            #expect(site.inUS.rows == MoveSite.rows)
            #expect(try await site.place() == site.us)
            let receipt = try #require(committed.signedReceipt)
            #expect(receipt.receipt.stores.first?.verified.map(\.rows).reduce(0, +) == 12)
            #expect(site.desk.isGenuine(receipt))
            var forged = receipt
            forged.receipt.reason = "another"
            #expect(!site.desk.isGenuine(forged))
            _ = try await site.desk.purge(record.id, actor: "test")
            #expect(try await site.reached(record.id, [.done]).phase == .done)
            #expect(site.inEU.rows.isEmpty && !site.inEU.hasLeftovers)
            #expect(site.inUS.rows == MoveSite.rows)
        }
    }

    /// Keys of rows that the app has acknowledged.
    private final class Written: Sendable {
        private let keys = Mutex<Set<String>>([])
        func note(_ key: String) { keys.withLock { _ = $0.insert(key) } }
        var all: Set<String> { keys.withLock { $0 } }
    }

    @Test("takes along what is written while it copies and after, and loses nothing that was acknowledged")
    func follows() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let (written, isOver) = (Written(), Flag())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var number = 0
                    while !isOver.isSet {
                        number += 1
                        let here = number % 2 == 0 ? site.eu : site.us
                        if let gates = site.fleet.gates(of: "gate-1"), gates.admit(site.tenant, at: here, noting: {}) {
                            let key = "w\(number)"
                            if (try? (here == site.eu ? site.inEU : site.inUS).write("notes", key, "x")) != nil {
                                written.note(key)
                            }
                            gates.end(site.tenant)
                        }
                        // As fast as a directory answers, and no faster.
                        _ = try await site.store.lastSequence()
                    }
                }
                let record = try await site.order()
                let committed = try await site.reached(record.id, [.committed])
                #expect(committed.phase == .committed, "\(committed.reason)")
                isOver.set()
                try await group.waitForAll()
            }
            let keys = Set(site.inUS.rows["notes", default: [:]].keys.filter { $0.hasPrefix("w") })
            #expect(keys == written.all)
            #expect(!keys.isEmpty)
        }
    }

    @Test("is brought back with what was written since")
    func returns() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order()
            _ = try await site.reached(record.id, [.committed], purgeAt: true)
            try site.inUS.write("notes", "later", "written in the US")
            // To go back to where it came from is to return.
            let same = try await site.desk.start(site.tenant, to: site.eu, .init(), actor: "test")
            #expect(same.id == record.id)
            while try await site.store.migration(record.id)?.isReturn != true {}
            let back = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(back.phase == .committed && back.isReturn, "\(back.reason)")
            #expect(try await site.place() == site.eu)
            #expect(site.inEU.rows["notes"]?["later"] == "written in the US")
            _ = try await site.store.wish(.purge, of: record.id, actor: "test")
            #expect(try await site.reached(record.id, [.returned]).phase == .returned)
            #expect(site.inUS.rows.isEmpty)
        }
    }

    @Test("is refused between nodes that see the regions differently, and names them")
    func differingViews() async throws {
        try await MoveSite.with { site in
            try await site.store.register(
                NodeRecord(
                    identity: .init(newProcessOf: "odd"), regions: [site.us], version: "1", regionView: "another",
                    configurationDigest: "", startedAt: 0), replacing: nil)
            try await site.start("a")
            let record = try await site.order()
            let over = try await site.reached(record.id, [])
            #expect(over.phase == .rolledBack && over.reason.contains("gate-1 | odd"), "\(over.reason)")
            #expect(over.plan?.blockers.map(\.code) == ["views-differ"])
            #expect(site.inEU.rows == MoveSite.rows && site.inUS.rows.isEmpty)
        }
    }

    @Test("of two regions on one store changes the placement alone")
    func shared() async throws {
        try await MoveSite.with(shared: true) { site in
            try await site.start("a")
            let record = try await site.order()
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(committed.phase == .committed, "\(committed.reason)")
            _ = try await site.desk.purge(record.id, actor: "test")
            #expect(try await site.reached(record.id, [.done]).phase == .done)
            #expect(site.inEU.rows == MoveSite.rows)
            #expect(try await site.place() == site.us)
        }
    }

    @Test(
        "that is only a plan or a rehearsal leaves everything as it was",
        arguments: [MigrationRecord.Kind.plan, .rehearse])
    func dry(_ kind: MigrationRecord.Kind) async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order { $0.kind = kind }
            let over = try await site.reached(record.id, [])
            #expect(over.phase == (kind == .plan ? .done : .rolledBack))
            #expect(over.plan?.rows == 13)
            #expect(site.inEU.rows == MoveSite.rows && site.inUS.rows.isEmpty)
            #expect(!site.inEU.hasLeftovers && !site.inUS.hasLeftovers)
            #expect(try await site.place() == site.eu)
        }
    }

    @Test("with manual commit waits, and is cancelled without a trace")
    func cancelled() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order { $0.commit = .manual }
            #expect(try await site.reached(record.id, [.ready]).phase == .ready)
            _ = try await site.desk.cancel(record.id, actor: "test")
            #expect(try await site.reached(record.id, []).phase == .rolledBack)
            #expect(site.inUS.rows.isEmpty && !site.inUS.hasLeftovers && !site.inEU.hasLeftovers)
            try site.inEU.write("notes", "after", "x")
            // And again, to the end.
            let second = try await site.order { $0.commit = .manual }
            _ = try await site.reached(second.id, [.ready])
            _ = try await site.desk.commit(second.id, actor: "test")
            #expect(try await site.reached(second.id, [.committed]).phase == .committed)
            #expect(site.inUS.rows["notes"]?["after"] == "x")
        }
    }

    @Test("ends without a switch where the sides differ, and names the row", arguments: [false, true])
    func differs(_ isSource: Bool) async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order { $0.commit = .manual }
            _ = try await site.reached(record.id, [.ready])
            // Past the log of changes, on one side, as soon as a change has been read, or applied.
            let (store, step) = isSource ? (site.inEU, MemoryStore.Step.changes) : (site.inUS, .apply)
            store.onStep { visit in
                if visit.step == step, visit.moment == .after { store.tamper("notes", "n3", "planted") }
                return nil
            }
            try site.inEU.write("notes", "n3", "new")
            _ = try await site.desk.commit(record.id, actor: "test")
            let over = try await site.reached(record.id, [])
            #expect(over.phase == .rolledBack)
            #expect(over.reason.contains("notes n3"), "\(over.reason)")
            #expect(try await site.place() == site.eu)
        }
    }

    /// A moment of a coordinator's work.
    struct Moment: Sendable, CustomTestStringConvertible {
        let side: MemoryStore.Side
        let step: MemoryStore.Step
        let moment: MemoryStore.Moment

        var testDescription: String { "\(moment.rawValue) \(side.rawValue)'s \(step.rawValue)" }

        /// When each step has been done and nobody has heard of it: the same as before the one that follows.
        static let all: [Moment] = MemoryStore.Step.allCases.flatMap { step in
            step.sides.map { Moment(side: $0, step: step, moment: .after) }
        }

        /// Those around the decision.
        static let pause: [Moment] = [
            (.source, .raiseFence), (.target, .apply), (.target, .seal), (.source, .decide), (.target, .open),
        ].flatMap { (side: MemoryStore.Side, step: MemoryStore.Step) in
            MemoryStore.Moment.allCases.map { Moment(side: side, step: step, moment: $0) }
        }
    }

    /// A moment, and how the data moves or what goes wrong.
    struct Case<Value: Sendable>: Sendable, CustomTestStringConvertible {
        let moment: Moment
        let value: Value

        var testDescription: String { "\(value) \(moment.testDescription)" }

        static func all(_ moments: [Moment], _ value: Value) -> [Case] {
            moments.map { Case(moment: $0, value: value) }
        }
    }

    @Test(
        "goes on by itself when its coordinator stands still at any moment and comes back when all is over",
        arguments: Case.all(Moment.all + Moment.pause, MigrationRecord.Mode.live) + Case.all(Moment.pause, .offline))
    func takeover(_ item: Case<MigrationRecord.Mode>) async throws {
        let (moment, mode) = (item.moment, item.value)
        try await MoveSite.with { site in
            let (isFrozen, goOn) = (Flag(), Latch())
            let hook: MemoryStore.Hook = { visit in
                guard visit.side == moment.side, visit.step == moment.step, visit.moment == moment.moment,
                    visit.generation == 1, !isFrozen.isSet
                else { return nil }
                isFrozen.set()
                // Time passes it by, as in a stopped machine; even its being cancelled it hears late.
                await goOn.wait()
                return nil
            }
            (moment.side == .source ? site.inEU : site.inUS).onStep(hook)
            try await site.start("a")
            let record = try await site.order { $0.mode = mode }
            while !isFrozen.isSet, try await site.store.migration(record.id)?.purgeAt == nil {}
            if isFrozen.isSet {
                await site.forget("a")
                try await site.start("b")
            }
            let ended = try await site.reached(record.id, [.committed], purgeAt: true)
            goOn.open()
            if ended.phase == .committed {
                _ = try await site.desk.purge(record.id, actor: "test")
                #expect(try await site.reached(record.id, []).phase == .done)
                #expect(site.inUS.rows == MoveSite.rows && site.inEU.rows.isEmpty)
                #expect(try await site.place() == site.us)
            } else {
                #expect(site.inEU.rows == MoveSite.rows && site.inUS.rows.isEmpty, "\(ended.reason)")
                #expect(try await site.place() == site.eu)
            }
            #expect(!site.inEU.hasLeftovers && !site.inUS.hasLeftovers)
            // The app writes where the tenant is.
            try (ended.phase == .committed ? site.inUS : site.inEU).write("notes", "after", "x")
            #expect(try await site.store.hold(of: site.tenant) == nil)
        }
    }

    @Test(
        "ends committed or rolled back, and leaves nothing, when a step fails for a while or for good",
        arguments: Case.all(Moment.all, MigrationError.Code.unavailable) + Case.all(Moment.pause, .differs)
            + Case.all(Moment.pause, .mustRestart))
    func failing(_ item: Case<MigrationError.Code>) async throws {
        let (moment, code) = (item.moment, item.value)
        try await MoveSite.with { site in
            let (first, second) = (Flag(), Flag())
            let hook: MemoryStore.Hook = { visit in
                guard visit.side == moment.side, visit.step == moment.step, visit.moment == moment.moment,
                    !second.isSet
                else { return nil }
                (first.isSet ? second : first).set()
                return MigrationError(code, "planted")
            }
            (moment.side == .source ? site.inEU : site.inUS).onStep(hook)
            try await site.start("a")
            let record = try await site.order()
            let ended = try await site.reached(record.id, [.committed], purgeAt: true)
            if ended.phase == .committed {
                _ = try await site.desk.purge(record.id, actor: "test")
                #expect(try await site.reached(record.id, []).phase == .done)
                #expect(site.inUS.rows == MoveSite.rows && site.inEU.rows.isEmpty)
                #expect(try await site.place() == site.us)
            } else {
                #expect(ended.phase == .rolledBack)
                #expect(site.inEU.rows == MoveSite.rows && site.inUS.rows.isEmpty, "\(ended.reason)")
                #expect(try await site.place() == site.eu)
            }
            #expect(!site.inEU.hasLeftovers && !site.inUS.hasLeftovers)
        }
    }
}
