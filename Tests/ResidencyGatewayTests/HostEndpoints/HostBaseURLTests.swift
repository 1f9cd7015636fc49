import Testing

@testable import ResidencyGateway

@Suite("A host's base URL")
struct HostBaseURLTests {
    @Test(
        "ends in an allowed suffix at a dot alone",
        arguments: [
            ("https://site.atlassian.net", true), ("https://SITE.Atlassian.NET/wiki", true),
            ("https://a.b.atlassian.net:443", true), ("https://atlassian.net", true),
            ("https://evil-atlassian.net", false), ("https://atlassian.net.evil.example", false),
            ("https://site.atlassian.net.evil.example/.atlassian.net", false), ("https://example.com", false),
        ])
    func suffixes(url: String, isAllowed: Bool) throws {
        let url = try #require(HostBaseURL(url))
        #expect(url.ends(inOneOf: [".atlassian.net"]) == isAllowed)
        #expect(url.ends(inOneOf: ["atlassian.net"]) == isAllowed)
        #expect(!url.ends(inOneOf: []))
    }

    @Test(
        "is https, of a host name, with nothing that reads differently elsewhere",
        arguments: [
            "http://site.atlassian.net", "https://", "https:///x", "https://a@site.atlassian.net", "site.atlassian.net",
            "https://site.atlassian.net?x", "https://site.atlassian.net#x", "https://evil.example\\.atlassian.net",
            "https://site.atlassian.net:99999", "https://site.atlassian.net:x", "https://.atlassian.net",
            "https://site.atlassian.net.", "https://s te.atlassian.net", "https://sité.atlassian.net", "",
        ])
    func bad(url: String) {
        #expect(HostBaseURL(url) == nil)
    }
}
