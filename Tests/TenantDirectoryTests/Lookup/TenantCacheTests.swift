import FoundationEssentials
import Testing

@testable import TenantDirectory

@Suite("The cache of tenants")
struct TenantCacheTests {
    typealias Cache = TenantCache<Int>
    let start = ContinuousClock.now

    func cache(_ change: (inout DirectoryLimits) -> Void = { _ in }) -> Cache {
        var limits = DirectoryLimits()
        change(&limits)
        return Cache(limits: limits)
    }

    func alias(_ name: String) -> TenantAlias { TenantAlias(.connect, app: "app", name: name) }

    func tenant(_ number: UInt64, _ names: [String], sequence: Int64 = 1, epoch: Int64 = 1) throws -> Tenant {
        Tenant(
            id: TenantID(high: 0, low: number), aliases: names.map(alias), state: .enabled,
            placement: Placement(region: try #require(Region("EU")), epoch: epoch, state: .serving),
            sequence: sequence, installedAt: .distantPast, updatedAt: .distantPast)
    }

    func expect(
        _ answer: Cache.Answer, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let text =
            switch answer {
            case .known(let tenant): "known \(tenant.sequence)"
            case .unknown: "unknown"
            case .load: "load"
            case .wait: "wait"
            case .busy: "busy"
            }
        #expect(text == expected, sourceLocation: sourceLocation)
    }

    // The macro cannot call what changes the cache.
    func expect(_ effect: Cache.Effect, _ expected: Cache.Effect, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(effect == expected, sourceLocation: sourceLocation)
    }

    func expect(_ condition: Bool, _ sentence: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(condition, sentence, sourceLocation: sourceLocation)
    }

    @Test("One load runs for a key, and wakes all who waited")
    func singleFlight() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        expect(cache.ask(key, fresh: false, now: start), "wait")
        expect(cache.join(key, waiter: 1), "it waits")
        expect(cache.ask(key, fresh: true, now: start), "wait")
        expect(cache.join(key, waiter: 2), "it waits")
        let (answer, waiters) = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        #expect(try answer.get()?.sequence == 1)
        #expect(waiters == [1, 2])
        expect(cache.ask(key, fresh: false, now: start), "known 1")
        expect(cache.ask(.id(TenantID(high: 0, low: 1)), fresh: false, now: start), "known 1")
        expect(!cache.join(key, waiter: 3), "there is nothing to wait for")
    }

    @Test("A failed load is told to all, and remembered by nobody")
    func failure() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        expect(cache.join(key, waiter: 1), "it waits")
        let (answer, waiters) = cache.loaded(key, .failure(DirectoryError(.unavailable, "away")), now: start)
        #expect(throws: DirectoryError.self) { try answer.get() }
        #expect(waiters == [1])
        expect(cache.ask(key, fresh: false, now: start), "load")
    }

    @Test("An unknown key is remembered for a second")
    func unknown() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(nil), now: start)
        expect(cache.ask(key, fresh: false, now: start + .milliseconds(999)), "unknown")
        expect(cache.ask(key, fresh: true, now: start + .milliseconds(999)), "unknown")
        expect(cache.ask(key, fresh: false, now: start + .seconds(1)), "load")
    }

    @Test("An unknown key is forgotten when it becomes known")
    func installed() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(nil), now: start)
        expect(cache.change(try tenant(1, ["a"])), .news)
        expect(cache.ask(key, fresh: false, now: start), "load")
    }

    @Test("A fresh question passes the cache once a second")
    func fresh() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        expect(cache.ask(key, fresh: true, now: start + .milliseconds(500)), "known 1")
        let later = start + .seconds(2)
        expect(cache.ask(key, fresh: true, now: later), "load")
        expect(cache.ask(key, fresh: false, now: later), "known 1")
        _ = cache.loaded(key, .success(try tenant(1, ["a"], sequence: 5)), now: later)
        expect(cache.ask(key, fresh: true, now: later), "known 5")
    }

    @Test("A fresh question finds out that a record is gone")
    func freshRemoval() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        expect(cache.ask(key, fresh: true, now: start + .seconds(2)), "load")
        _ = cache.loaded(key, .success(nil), now: start + .seconds(2))
        #expect(cache.count == 0)
    }

    @Test("Past the bound of loads, and of waiters, the answer is busy")
    func busy() throws {
        var cache = cache {
            $0.parallelLoads = 2
            $0.waiters = 1
        }
        expect(cache.ask(.alias(alias("a")), fresh: false, now: start), "load")
        expect(cache.ask(.alias(alias("b")), fresh: false, now: start), "load")
        expect(cache.ask(.alias(alias("c")), fresh: false, now: start), "busy")
        expect(cache.ask(.alias(alias("a")), fresh: false, now: start), "wait")
        expect(cache.join(.alias(alias("a")), waiter: 1), "it waits")
        expect(cache.ask(.alias(alias("b")), fresh: false, now: start), "busy")
        _ = cache.loaded(.alias(alias("a")), .success(nil), now: start)
        expect(cache.ask(.alias(alias("c")), fresh: false, now: start), "load")
        expect(cache.ask(.alias(alias("b")), fresh: false, now: start), "wait")
    }

    @Test("The record asked for longest ago makes room")
    func leastRecent() throws {
        var cache = cache { $0.cachedTenants = 2 }
        for number in 1...2 {
            let key = TenantKey.alias(alias("\(number)"))
            expect(cache.ask(key, fresh: false, now: start), "load")
            _ = cache.loaded(key, .success(try tenant(UInt64(number), ["\(number)"])), now: start)
        }
        expect(cache.ask(.alias(alias("1")), fresh: false, now: start), "known 1")
        expect(cache.ask(.alias(alias("3")), fresh: false, now: start), "load")
        _ = cache.loaded(.alias(alias("3")), .success(try tenant(3, ["3"])), now: start)
        #expect(cache.count == 2)
        expect(cache.ask(.alias(alias("1")), fresh: false, now: start), "known 1")
        expect(cache.ask(.alias(alias("2")), fresh: false, now: start), "load")
    }

    @Test("Remembered keys are bounded")
    func rememberedKeys() throws {
        var cache = cache { $0.rememberedKeys = 10 }
        for number in 0..<1000 {
            let key = TenantKey.alias(alias("\(number)"))
            expect(cache.ask(key, fresh: false, now: start), "load")
            _ = cache.loaded(key, .success(nil), now: start)
        }
        #expect(cache.rememberedKeyCount == 10)
    }

    // MARK: Races, step by step

    @Test("A load that read before a change does not bring the old record back")
    func loadBeforeChange() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        expect(cache.change(try tenant(1, ["a"], sequence: 9)), .news)
        let (answer, _) = cache.loaded(key, .success(try tenant(1, ["a"], sequence: 4)), now: start)
        #expect(try answer.get()?.sequence == 9)
        expect(cache.ask(key, fresh: false, now: start), "known 9")
    }

    @Test("A load that read before an install does not say that nobody is there")
    func loadBeforeInstall() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        expect(cache.change(try tenant(1, ["a"], sequence: 9)), .news)
        let (answer, _) = cache.loaded(key, .success(nil), now: start)
        #expect(try answer.get()?.sequence == 9)
        expect(cache.ask(key, fresh: false, now: start), "known 9")
    }

    @Test("A load that read before a removal does not bring the record back")
    func loadBeforeRemoval() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        cache.remove(TenantID(high: 0, low: 1))
        let (answer, _) = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        #expect(try answer.get() == nil)
        #expect(cache.count == 0)
    }

    @Test("A load that began before everything was dropped is answered, and not kept")
    func loadBeforeDrop() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        cache.removeAll()
        let (answer, _) = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        #expect(try answer.get() != nil)
        expect(cache.ask(key, fresh: false, now: start), "load")
    }

    @Test("A load that more changes have outrun than are kept apart is not kept")
    func outrun() throws {
        var cache = cache { $0.changesWhileLoading = 3 }
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        for number in 10..<20 { _ = cache.change(try tenant(UInt64(number), ["\(number)"])) }
        _ = cache.loaded(key, .success(try tenant(1, ["a"])), now: start)
        expect(cache.ask(key, fresh: false, now: start), "load")
    }

    @Test("A change that is known, or older, is no news")
    func oldChange() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(try tenant(1, ["a"], sequence: 5)), now: start)
        expect(cache.change(try tenant(1, ["a"], sequence: 5)), .old)
        expect(cache.change(try tenant(1, ["a"], sequence: 4)), .old)
        expect(cache.change(try tenant(1, ["a"], sequence: 6)), .news)
        expect(cache.ask(key, fresh: false, now: start), "known 6")
    }

    @Test("A change whose epoch falls is not taken")
    func fallingEpoch() throws {
        var cache = cache()
        let key = TenantKey.alias(alias("a"))
        expect(cache.ask(key, fresh: false, now: start), "load")
        _ = cache.loaded(key, .success(try tenant(1, ["a"], sequence: 5, epoch: 7)), now: start)
        expect(cache.change(try tenant(1, ["a"], sequence: 6, epoch: 6)), .fallingEpoch)
        expect(cache.ask(key, fresh: false, now: start), "known 5")
    }

    @Test("A name that went to another tenant leads there")
    func movedName() throws {
        var cache = cache()
        for (number, names) in [(1, ["a"]), (2, ["b"])] {
            let key = TenantKey.id(TenantID(high: 0, low: UInt64(number)))
            expect(cache.ask(key, fresh: false, now: start), "load")
            _ = cache.loaded(key, .success(try tenant(UInt64(number), names)), now: start)
        }
        expect(cache.change(try tenant(1, ["a", "b"], sequence: 9)), .news)
        expect(cache.ask(.alias(alias("b")), fresh: false, now: start), "known 9")
        expect(cache.change(try tenant(1, ["a"], sequence: 10)), .news)
        expect(cache.ask(.alias(alias("b")), fresh: false, now: start), "load")
    }
}
