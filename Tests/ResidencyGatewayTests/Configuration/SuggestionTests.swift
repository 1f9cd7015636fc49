import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("A suggestion")
struct SuggestionTests {
    @Test(
        "is the nearest word, where there is a near one",
        arguments: [
            ("prot", "port"), ("eventloops", "eventLoops"), ("hsot", "host"), ("trustedProxys", "trustedProxies"),
        ])
    func near(word: String, meant: String) {
        #expect(Suggestion.nearest(to: word, among: ["host", "port", "eventLoops", "trustedProxies"]) == meant)
    }

    @Test("is nothing where none is near", arguments: ["", "tls", "colour"])
    func far(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["host", "port"]) == nil)
    }
}
