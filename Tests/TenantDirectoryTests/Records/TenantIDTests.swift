import TenantDirectory
import Testing

@Suite("A tenant's own name")
struct TenantIDTests {
    @Test("reads back what it writes", arguments: [TenantID(high: 0, low: 1), TenantID(high: .max, low: 0), .random()])
    func roundTrip(id: TenantID) {
        #expect(id.description.utf8.count == 32)
        #expect(TenantID(id.description) == id)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "00", String(repeating: "0", count: 33), String(repeating: "G", count: 32),
            String(repeating: "A", count: 32),
        ])
    func refused(text: String) {
        #expect(TenantID(text) == nil)
    }
}
