import Foundation
import Testing

@Suite("Fixtures")
struct FixturesTests {
    @Test("are found beside the tests")
    func found() {
        #expect(Bundle.module.url(forResource: "empty", withExtension: "json", subdirectory: "Fixtures") != nil)
    }
}
