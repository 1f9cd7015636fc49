import RegionRouter
import TenantDirectory
import Testing

@Suite("The route value")
struct RouteValueTests {
    @Test("names the tenant it was made for")
    func roundTrip() {
        for _ in 0..<100 {
            let tenant = TenantID.random()
            let value = RouteValue.make(for: tenant)
            #expect(RouteValue.tenant(in: value.utf8) == tenant)
            #expect(RouteValue.tenant(in: value.uppercased().utf8) == tenant)
            #expect(value.utf8.allSatisfy { $0 < 0x80 && !"%+&=?/# ;,".utf8.contains($0) })
        }
    }

    @Test("may have text of the app's own behind it", arguments: [".nonce", ":1", "~x.y", "|", "."])
    func suffix(text: String) {
        let tenant = TenantID(high: 1, low: 2)
        #expect(RouteValue.tenant(in: (RouteValue.make(for: tenant) + text).utf8) == tenant)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "r1-", "r2-00000000000000010000000000000002", "r1-0000000000000001000000000000000",
            "r1-000000000000000100000000000000020", "r1-0000000000000001000000000000000g",
            "r1_00000000000000010000000000000002", "00000000000000010000000000000002",
            "r1-00000000000000010000000000000002x",
        ])
    func others(text: String) {
        #expect(RouteValue.tenant(in: text.utf8) == nil)
    }
}
