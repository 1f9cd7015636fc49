import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("The tenants of an event loop")
struct TenantTableTests {
    private static func key(_ name: String) -> TenantKey {
        .alias(TenantAlias(.connect, app: RouterFixture.appKey, name: name))
    }

    private static func tenant(_ name: String, id: UInt64 = 1, sequence: Int64 = 1, epoch: Int64 = 1) -> Tenant {
        var tenant = RouterFixture.tenant(name, in: "EU", id: id, epoch: epoch)
        tenant.sequence = sequence
        return tenant
    }

    @Test("are found by alias and by id")
    func found() {
        let table = TenantTable(limit: 10)
        table.loadBegan()
        let entry = table.loadEnded(Self.tenant("a"))
        #expect(entry != nil)
        #expect(table.entry(Self.key("a")) === entry)
        #expect(table.entry(.id(TenantID(high: 7, low: 1))) === entry)
        #expect(table.entry(Self.key("b")) == nil)
    }

    @Test("make room for others, but not while one of their requests is under way")
    func bounded() {
        let table = TenantTable(limit: 3)
        let busy = table.install(Self.tenant("busy", id: 0))
        let request = InFlightRequest(isSafe: true)
        busy.inFlight.add(request)
        for number in 1...20 { table.install(Self.tenant("t\(number)", id: UInt64(number))) }
        #expect(table.count == 3)
        #expect(table.entry(Self.key("busy")) === busy)
        busy.inFlight.remove(request)
    }

    @Test("are not set back by a record that was read before a change came")
    func floor() {
        let table = TenantTable(limit: 10)
        table.loadBegan()
        _ = table.apply(.changed(Self.tenant("a", sequence: 9, epoch: 2)))
        #expect(table.loadEnded(Self.tenant("a", sequence: 7)) == nil)
        table.loadBegan()
        #expect(table.loadEnded(Self.tenant("a", sequence: 9, epoch: 2))?.tenant.placement.epoch == 2)
    }

    @Test("never fall in epoch or sequence")
    func neverFalls() {
        let table = TenantTable(limit: 10)
        let entry = table.install(Self.tenant("a", sequence: 5, epoch: 3))
        _ = table.apply(.changed(Self.tenant("a", sequence: 6, epoch: 2)))
        _ = table.apply(.changed(Self.tenant("a", sequence: 4, epoch: 3)))
        #expect(entry.tenant.sequence == 5)
        #expect(entry.tenant.placement.epoch == 3)
    }

    @Test("are forgotten when they are removed, or when changes were missed")
    func forgotten() {
        let table = TenantTable(limit: 10)
        table.install(Self.tenant("a", id: 1))
        table.install(Self.tenant("b", id: 2))
        _ = table.apply(.removed(TenantID(high: 7, low: 1)))
        #expect(table.entry(Self.key("a")) == nil)
        #expect(table.entry(Self.key("b")) != nil)
        _ = table.apply(.everything)
        #expect(table.entry(Self.key("b")) == nil)
        #expect(table.count == 0)
    }

    @Test("are found by an alias that came later, and no longer by one that went")
    func aliasesChange() {
        let table = TenantTable(limit: 10)
        table.install(Self.tenant("a"))
        var joined = Self.tenant("b", sequence: 2)
        joined.aliases.append(TenantAlias(.forge, app: RouterFixture.forgeAppID, name: "installation"))
        _ = table.apply(.changed(joined))
        #expect(table.entry(Self.key("a")) == nil)
        #expect(table.entry(Self.key("b")) != nil)
        #expect(table.entry(.alias(TenantAlias(.forge, app: RouterFixture.forgeAppID, name: "installation"))) != nil)
    }

    private static func told(_ region: String, epoch: Int64) throws -> StatedPlacement {
        StatedPlacement(
            tenant: TenantID(high: 7, low: 1),
            placement: Placement(region: try #require(Region(region)), epoch: epoch, state: .serving), sequence: 1)
    }

    @Test("go by the highest epoch that a peer has told, until the directory's record has reached it")
    func toldByPeer() throws {
        let table = TenantTable(limit: 10)
        let entry = table.install(Self.tenant("a", sequence: 1, epoch: 3))
        #expect(!table.learn(try Self.told("US", epoch: 3)))
        #expect(table.learn(try Self.told("US", epoch: 5)))
        #expect(!table.learn(try Self.told("EU", epoch: 4)))
        #expect(entry.tenant.placement.region.code == "US")
        // A record that is newer, but not in this, is taken without its placement.
        var rotated = Self.tenant("a", sequence: 2, epoch: 4)
        rotated.secret = Secret("rotated")
        table.apply(.changed(rotated))
        #expect(entry.tenant.secret == Secret("rotated"))
        #expect(entry.tenant.placement.epoch == 5)
        table.apply(.changed(Self.tenant("a", sequence: 3, epoch: 6)))
        #expect(entry.tenant.placement.region.code == "EU")
        #expect(entry.tenant.placement.epoch == 6)
    }

    @Test("go by what a peer has told also when their record is loaded after that, or again")
    func toldBeforeLoad() throws {
        let table = TenantTable(limit: 10)
        #expect(table.learn(try Self.told("US", epoch: 5)))
        #expect(table.install(Self.tenant("a", epoch: 3)).tenant.placement.region.code == "US")
        table.apply(.everything)
        #expect(table.install(Self.tenant("a", epoch: 3)).tenant.placement.epoch == 5)
        table.apply(.removed(TenantID(high: 7, low: 1)))
        #expect(table.install(Self.tenant("a", epoch: 3)).tenant.placement.epoch == 3)
    }
}
