import RealmMigration
import Synchronization
import Testing

/// Whole moves.
extension StoreContractConformance {
    static let moveCases = [
        Case("a live move under concurrent writes loses and doubles nothing") { try await $0.liveMove() },
        Case("an offline move brings every row, and refuses writes from the first to the decision") {
            try await $0.offlineMove()
        },
        Case("a move that is given up leaves the source as it was and the target empty") { try await $0.givenUp() },
        Case("a tenant that has moved comes back with what was written since") { try await $0.wayBack() },
        Case("a purge deletes by so many rows, to zero, and the fence stays") { try await $0.purge() },
        Case("a row that differs is found and named, whichever side it is on") { try await $0.planted() },
    ]

    func liveMove() async throws {
        try await seed(40)
        let taken = Acknowledged()
        let isOver = Flag()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for writer in 0..<4 {
                tasks.addTask {
                    var number = 0
                    while !isOver.isSet, number < 200 {
                        let text = "writer \(writer) row \(number)"
                        number += 1
                        // Refused at the source, it is written again where the tenant is now.
                        if try await from.write(name, text) {
                            taken.add(text)
                        } else if try await to.write(name, text) {
                            taken.add(text)
                        }
                    }
                }
            }
            let ticket = ticket()
            try await begin(ticket, .live)
            try await copy(ticket)
            for _ in 0..<5 { try await follow(ticket) }
            _ = try await from.source.changedKeys(ticket)
            try await follow(ticket)
            try await switchOver(ticket, epoch: 8)
            #expect(try await to.write(name, "after the switch"))
            isOver.set()
            try await tasks.waitForAll()
        }
        let there = try await to.texts(name)
        let wanted = (0..<40).map { "row \($0)" } + taken.texts + ["after the switch"]
        #expect(there.sorted() == wanted.sorted())
        try await to.target.finish(ticket())
        #expect(!(try await from.write(name, "late")))
    }

    func offlineMove() async throws {
        try await seed(30)
        let ticket = ticket()
        _ = try await from.source.claim(ticket)
        _ = try await to.target.claim(ticket)
        try await to.target.prepare(ticket, mode: .offline)
        try await from.source.prepare(ticket, mode: .offline)
        try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(5))
        #expect(!(try await from.write(name, "while it is copied")))
        try await copy(ticket)
        let digests = try await from.source.copyDigests(ticket, key: Self.key)
        #expect(digests.contains { $0.rows == 30 })
        #expect(
            try await to.target.digests(
                ticket, of: digests.map { StoreDigest.Request(table: $0.table) }, key: Self.key) == digests)
        try await switchOver(ticket, epoch: 8)
        #expect(try await to.texts(name) == (0..<30).map { "row \($0)" })
    }

    func givenUp() async throws {
        try await seed(10)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await copy(ticket)
        try await from.source.raiseFence(ticket, epoch: 8, within: .seconds(5))
        let token = try await to.target.seal(ticket, epoch: 8)
        #expect(try await from.source.decide(ticket, epoch: 8, .open) == .open)
        #expect(try await from.source.decide(ticket, epoch: 8, .moved(token: token)) == .open)
        #expect(try await from.write(name, "goes on"))
        #expect(await code { try await to.target.cleanUp(ticket) } == .overtaken)
        try await to.target.unseal(ticket)
        for _ in 0..<2 {
            try await to.target.cleanUp(ticket)
            try await from.source.cleanUp(ticket)
        }
        #expect(try await to.texts(name).isEmpty)
        #expect(try await from.texts(name) == (0..<10).map { "row \($0)" } + ["goes on"])
    }

    func wayBack() async throws {
        try await seed(5)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await copy(ticket)
        try await switchOver(ticket, epoch: 8)
        #expect(try await to.write(name, "written over there"))
        var back = self.ticket(generation: 2, attempt: 2)
        (back.source, back.target) = (back.target, back.source)
        let mirrored = StoreContractConformance(from: to, to: from, tenant: tenant)
        try await mirrored.begin(back, .live)
        try await mirrored.copy(back)
        try await mirrored.switchOver(back, epoch: 10)
        #expect(try await from.texts(name) == (0..<5).map { "row \($0)" } + ["written over there"])
        #expect(try await from.write(name, "home again"))
        #expect(!(try await to.write(name, "late")))
    }

    func purge() async throws {
        try await seed(12)
        let ticket = ticket()
        try await begin(ticket, .live)
        #expect(await code { _ = try await from.source.purge(ticket, limit: 5) } == .overtaken)
        try await copy(ticket)
        try await switchOver(ticket, epoch: 8)
        var left = try await from.source.purge(ticket, limit: 5)
        #expect(left > 0)
        while left > 0 { left = try await from.source.purge(ticket, limit: 5) }
        #expect(try await from.texts(name).isEmpty)
        #expect(try await to.texts(name).count == 12)
        #expect(!(try await from.write(name, "a year late")))
    }

    func planted() async throws {
        try await seed(8)
        let ticket = ticket()
        try await begin(ticket, .live)
        try await copy(ticket)
        #expect(try await differences(ticket).isEmpty)
        try await seed(1, "missing over there")
        let whole = try await from.source.lanes(ticket).map { StoreDigest.Request(table: $0.name) }
        let missing = try await differences(ticket, in: whole)
        #expect(missing.contains { $0.kind == .missing })
        try await follow(ticket)
        #expect(try await differences(ticket).isEmpty)
        #expect(try await differences(ticket, in: whole).isEmpty)
    }
}

/// What writers were told is written.
private final class Acknowledged: Sendable {
    private let state = Mutex<[String]>([])

    var texts: [String] { state.withLock { $0 } }
    func add(_ text: String) { state.withLock { $0.append(text) } }
}
