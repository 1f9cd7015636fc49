import TenantDirectory
import Testing

@Suite("A range of addresses")
struct AddressRangeTests {
    @Test(
        "contains the addresses under its prefix and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.4.0/22", "192.168.7.255", true),
            ("192.168.4.0/22", "192.168.8.0", false), ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("2001:db8::/32", "2001:db8:1::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::/0", "10.1.1.1", false),
        ])
    func contains(range: String, address: String, expected: Bool) throws {
        let range = try #require(AddressRange(range))
        let address = try #require(IPAddress(address))
        #expect(range.contains(address) == expected)
    }

    @Test(
        "is not read from anything else",
        arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "localhost", "::/129", "10.0.0.0/"])
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
