import Testing

@testable import ResidencyGateway

@Suite("Sizes and times")
struct UnitTextTests {
    @Test("sizes read back as written", arguments: [0, 1, 1_000, 1_024, 1_536, 65_536, 1 << 20, 1 << 30, 3 << 30])
    func sizes(count: Int) throws {
        #expect(try UnitText.bytes(UnitText.bytes(count)) == count)
    }

    @Test("times read back as written", arguments: [0, 1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000])
    func times(milliseconds: Int) throws {
        let duration = Duration.milliseconds(milliseconds)
        #expect(try UnitText.duration(UnitText.duration(duration)) == duration)
    }

    @Test(
        "a size without sense is refused",
        arguments: ["", "KiB", "1KB", "1 KiB", "-1", "1.5MiB", "9999999999999999GiB"])
    func badSizes(text: String) {
        #expect(throws: Misfit.self) { try UnitText.bytes(text) }
    }

    @Test(
        "a time without unit or sense is refused",
        arguments: ["", "s", "10", "10 s", "-1s", "1.5s", "99999999999999999999d"])
    func badTimes(text: String) {
        #expect(throws: Misfit.self) { try UnitText.duration(text) }
    }
}
