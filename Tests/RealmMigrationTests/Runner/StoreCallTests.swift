import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("A store of another node")
struct StoreCallTests {
    /// Carries the bytes of calls and answers, and may damage them.
    private struct Loop: StoreLink {
        let answerer: StoreCallAnswerer
        let damage: @Sendable ([UInt8]) -> [UInt8]

        func ask(_ region: Region, _ call: StoreCall) async throws(MigrationError) -> StoreAnswerFrame {
            try StoreAnswerFrame(await answerer.answer(damage(call.bytes)).bytes)
        }
    }

    private struct Setting {
        let store: MemoryStore
        let target: RemoteTarget
        let ticket: MoveTicket
    }

    private func setting(damage: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }) throws -> Setting {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let store = MemoryStore(id: "store-us", rows: [:])
        let entry = StoreSet.Entry(name: "main", kind: .postgres, targets: [us: store.target])
        let loop = Loop(answerer: StoreCallAnswerer(StoreSet([entry])), damage: damage)
        let ticket = MoveTicket(
            migration: "m", tenant: TenantID(high: 0, low: 1), names: TenantNames(clientKey: "k"), source: eu,
            target: us, directory: "d", generation: 1, attempt: 1)
        return Setting(store: store, target: RemoteTarget(store: "main", region: us, link: loop), ticket: ticket)
    }

    @Test("is asked everything that a store here is, and answers the same")
    func whole() async throws {
        let setting = try setting()
        let (target, ticket) = (setting.target, setting.ticket)
        #expect(try await target.survey(ticket, mode: .live).storeID == "store-us")
        #expect(try await target.claim(ticket).generation == 0)
        try await target.prepare(ticket, mode: .live)
        let payload = MemoryStore.payload(["a": "1", "b": "2"], of: "notes")
        let batch = StoreBatch(lane: "notes", before: "", after: "2", isLast: true, rows: 2, payload: payload)
        #expect(try await target.apply(ticket, batch) == "2")
        #expect(try await target.cursors(ticket) == ["notes": "2"])
        let request = StoreDigest.Request(table: "notes", keys: ["a"])
        #expect(try await target.digests(ticket, of: [request], key: [1]).map(\.rows) == [1])
        #expect(try await target.rowHashes(ticket, of: request, part: 0, key: [1]) == ["a": "1"])
        let token = try await target.seal(ticket, epoch: 8)
        try await target.unseal(ticket)
        #expect(try await target.seal(ticket, epoch: 8) == token)
        try await target.open(ticket, epoch: 8, token: token)
        #expect(setting.store.record.state == .open)
        try await target.finish(ticket)
        try await target.cleanUp(ticket)
        #expect(setting.store.rows == ["notes": ["a": "1", "b": "2"]])
    }

    @Test("is refused with the code and the words that the store has for it")
    func refused() async throws {
        let setting = try setting()
        await #expect(throws: MigrationError(.overtaken, "")) { try await setting.target.unseal(setting.ticket) }
        let loop = Loop(answerer: StoreCallAnswerer(StoreSet([])), damage: { $0 })
        let unknown = RemoteTarget(store: "main", region: setting.ticket.target, link: loop)
        await #expect(throws: MigrationError(.blocked, "")) { try await unknown.unseal(setting.ticket) }
    }

    @Test("takes no batch that was damaged on the way", arguments: [0, 1, 40])
    func damaged(_ place: Int) async throws {
        let setting = try setting { bytes in
            guard bytes.count > 300 else { return bytes }
            var bytes = bytes
            bytes[place < 2 ? place : bytes.count - place] ^= 0x20
            return bytes
        }
        _ = try await setting.target.claim(setting.ticket)
        let payload = MemoryStore.payload(["a": String(repeating: "x", count: 1_000)], of: "notes")
        let batch = StoreBatch(lane: "notes", before: "", after: "1", isLast: true, rows: 1, payload: payload)
        await #expect(throws: MigrationError(.badAnswer, "")) {
            _ = try await setting.target.apply(setting.ticket, batch)
        }
        #expect(setting.store.rows.isEmpty)
    }
}
