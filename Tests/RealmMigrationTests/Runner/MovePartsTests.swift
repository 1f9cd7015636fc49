import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("The parts of a migration's work")
struct MovePartsTests {
    private func lane(_ name: String, follows: [String] = []) -> CopyLane {
        CopyLane(name: name, rows: 1, bytes: 1, follows: follows)
    }

    @Test("Lanes begin after those they follow, so many at a time; one that is not copied is waited for by nobody")
    func lanes() throws {
        var order = try LaneOrder(
            [lane("c", follows: ["a", "b"]), lane("a", follows: ["elsewhere"]), lane("b"), lane("d")], atOnce: 2)
        #expect(order.begin().map(\.name) == ["a", "b"])
        #expect(order.begin().isEmpty)
        order.end("a")
        #expect(order.begin().map(\.name) == ["d"])
        order.end("b")
        #expect(order.begin().map(\.name) == ["c"])
        order.end("d")
        order.end("c")
        #expect(order.begin().isEmpty)
    }

    @Test("Lanes that wait for each other are refused")
    func circle() {
        #expect(throws: MigrationError(.badAnswer, "")) {
            _ = try LaneOrder([lane("a", follows: ["b"]), lane("b", follows: ["a"])], atOnce: 2)
        }
    }

    @Test("What has to be compared again is asked for once, and a whole table in place of its keys")
    func checks() {
        var checks = OpenChecks(tables: ["t"])
        checks.add([.init(table: "t", keys: ["1"]), .init(table: "u", keys: ["2", "1"]), .init(table: "v", keys: [])])
        checks.add([.init(table: "u", keys: ["1"])])
        #expect(checks.hasWholeTable && checks.count == 3)
        #expect(checks.take() == [.init(table: "t"), .init(table: "u", keys: ["1", "2"])])
        #expect(checks.isEmpty)
        checks.add([StoreDifference(table: "u", key: "2", kind: .changed)])
        #expect(checks.take() == [.init(table: "u", keys: ["2"])])
    }

    @Test("Bytes are due at the rate that is allowed, and what was not used is not kept")
    func throttle() {
        let throttle = Throttle(bytesPerSecond: 100)
        let start = ContinuousClock.now
        #expect(throttle.take(50, now: start) - start == .milliseconds(500))
        #expect(throttle.take(50, now: start) - start == .seconds(1))
        let later = start + .seconds(100)
        #expect(throttle.take(100, now: later) - later == .seconds(1))
        #expect(Throttle(bytesPerSecond: 0).take(1_000, now: start) == start)
    }

    @Test("A lease is over when its holder is gone, or when no sign of life was seen for long enough by the own clock")
    func leases() throws {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let holder = NodeRecord.Identity(id: "a", incarnation: "1")
        func record(_ counter: Int64, held: Bool = true) -> MigrationRecord {
            MigrationRecord(
                id: "m", tenant: TenantID(high: 0, low: 1), source: eu, target: us, kind: .move, mode: .auto,
                trigger: .administrator, commit: .automatic, startAt: 0, batch: nil, createdAt: 0,
                lease: MigrationLease(holder: held ? holder : nil, generation: 1, counter: counter), phase: .copying,
                updatedAt: 0)
        }
        var watch = LeaseWatch(timeout: .seconds(10))
        let start = ContinuousClock.now
        func isFree(_ record: MigrationRecord, after seconds: Int, alive: Bool = true) -> Bool {
            !watch.free([record], alive: alive ? [holder] : [], now: start + .seconds(seconds)).isEmpty
        }
        #expect(isFree(record(1, held: false), after: 0))
        #expect(isFree(record(1), after: 0, alive: false))
        #expect(!isFree(record(1), after: 0))
        #expect(!isFree(record(1), after: 9))
        #expect(!isFree(record(2), after: 10))
        #expect(!isFree(record(2), after: 19))
        #expect(isFree(record(2), after: 20))
    }

    @Test("The first database decides, else the first store; without a declaration nothing is moved")
    func deciding() throws {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let store = MemoryStore(id: "s", rows: [:])
        func entry(_ name: String, _ kind: StoreSet.Kind) -> StoreSet.Entry {
            StoreSet.Entry(
                name: name, kind: kind, reason: kind == .none ? "kept nowhere" : "",
                sources: [eu: store.source], targets: [us: store.target])
        }
        let both = StoreSet([entry("files", .http), entry("cache", .none), entry("main", .postgres)])
        #expect(try both.moves(from: eu, to: us).map(\.name) == ["files", "main"])
        #expect(try both.moves(from: eu, to: us).filter(\.isDeciding).map(\.name) == ["main"])
        let one = StoreSet([entry("a", .http), entry("b", .http)])
        #expect(try one.moves(from: eu, to: us).filter(\.isDeciding).map(\.name) == ["a"])
        #expect(throws: MigrationError(.blocked, "")) { _ = try StoreSet([]).moves(from: eu, to: us) }
        #expect(throws: MigrationError(.blocked, "")) { _ = try both.moves(from: us, to: eu) }
        #expect(try StoreSet([entry("cache", .none)]).moves(from: eu, to: us).isEmpty)
    }
}
