import TenantDirectory
import Testing

@testable import RealmMigration

@Suite("The policy of addresses")
struct AddressPolicyTests {
    @Test(
        "refuses what is not public",
        arguments: [
            "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "172.31.255.255", "169.254.169.254", "100.64.0.1",
            "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        ])
    func refuses(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!AddressPolicy(allow: []).permits(address))
    }

    @Test(
        "permits what is public",
        arguments: ["1.1.1.1", "172.32.0.1", "172.15.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:8.8.8.8"])
    func permits(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressPolicy(allow: []).permits(address))
    }

    @Test("permits a private address that is allowed, and no other")
    func allowed() throws {
        let policy = AddressPolicy(allow: [try #require(AddressRange("127.0.0.0/8"))])
        #expect(policy.permits(try #require(IPAddress("127.0.0.1"))))
        #expect(policy.permits(try #require(IPAddress("::ffff:127.0.0.1"))))
        #expect(!policy.permits(try #require(IPAddress("10.0.0.1"))))
        #expect(!policy.permits(try #require(IPAddress("::1"))))
    }
}
