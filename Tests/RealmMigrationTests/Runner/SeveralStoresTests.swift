import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

/// One store decides, and the others do as it did (H30).
@Suite("A migration of two stores", .serialized, .timeLimit(.minutes(5)))
struct SeveralStoresTests {
    struct Moment: Sendable, CustomTestStringConvertible {
        let isDeciding: Bool
        let side: MemoryStore.Side
        let step: MemoryStore.Step
        let moment: MemoryStore.Moment
        /// The coordinator stands still there, or the step fails.
        let stands: Bool

        var testDescription: String {
            "\(stands ? "stands still" : "fails") \(moment.rawValue) the \(isDeciding ? "deciding" : "other") store's "
                + "\(step.rawValue)"
        }

        static let all: [Moment] = [true, false].flatMap { isDeciding in
            [true, false].flatMap { stands in
                [
                    (MemoryStore.Side.source, MemoryStore.Step.raiseFence), (.source, .decide), (.target, .seal),
                    (.target, .open), (.target, .unseal),
                ].flatMap { side, step in
                    MemoryStore.Moment.allCases.map {
                        Moment(isDeciding: isDeciding, side: side, step: step, moment: $0, stands: stands)
                    }
                }
            }
        }
    }

    @Test("ends with all stores on one side, whatever happens to one of them in the pause", arguments: Moment.all)
    func oneSide(_ moment: Moment) async throws {
        try await MoveSite.with(second: true) { site in
            let second = try #require(site.second)
            let (isHit, goOn) = (Flag(), Latch())
            let pair = moment.isDeciding ? second : (site.inEU, site.inUS)
            (moment.side == .source ? pair.0 : pair.1).onStep { visit in
                guard visit.side == moment.side, visit.step == moment.step, visit.moment == moment.moment,
                    visit.generation == 1, !isHit.isSet
                else { return nil }
                isHit.set()
                guard moment.stands else { return MigrationError(.unavailable, "planted") }
                await goOn.wait()
                return nil
            }
            try await site.start("a")
            let record = try await site.order()
            while !isHit.isSet, try await site.store.migration(record.id)?.purgeAt == nil {}
            if isHit.isSet, moment.stands {
                await site.forget("a")
                try await site.start("b")
            }
            let ended = try await site.reached(record.id, [.committed], purgeAt: true)
            goOn.open()
            let hasLeft = ended.phase == .committed
            #expect(try await site.place() == (hasLeft ? site.us : site.eu), "\(ended.reason)")
            for (here, there) in [(site.inEU, site.inUS), second] {
                #expect(here.record.state == (hasLeft ? .moved : .open))
                #expect(there.record.state == .open)
                #expect((hasLeft ? there : here).rows == MoveSite.rows)
                if !hasLeft { #expect(there.rows.isEmpty) }
                try (hasLeft ? there : here).write("notes", "after", "x")
            }
        }
    }

    @Test("is decided by the first database, and the other store leaves only after it has")
    func order() async throws {
        try await MoveSite.with(second: true) { site in
            let second = try #require(site.second)
            let order = Mutex<[String]>([])
            for (name, store) in [
                ("other", site.inEU), ("other", site.inUS), ("deciding", second.inEU), ("deciding", second.inUS),
            ] {
                store.onStep { visit in
                    if visit.moment == .after, [.raiseFence, .seal, .decide, .open].contains(visit.step) {
                        order.withLock { $0.append("\(name) \(visit.step.rawValue)") }
                    }
                    return nil
                }
            }
            try await site.start("a")
            let record = try await site.order()
            #expect(try await site.reached(record.id, [.committed], purgeAt: true).phase == .committed)
            let steps = order.withLock { $0 }
            func place(_ step: String) throws -> Int { try #require(steps.firstIndex(of: step)) }
            // Fenced before it decides; leaves and opens after.
            #expect(try place("other raiseFence") < place("deciding decide"))
            #expect(try place("other decide") > place("deciding decide"))
            #expect(try place("other open") > place("other decide"))
            #expect(try place("deciding open") > place("deciding decide"))
        }
    }
}
