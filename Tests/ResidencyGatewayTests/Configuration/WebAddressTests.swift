import Testing

@testable import ResidencyGateway

@Suite("A web address")
struct WebAddressTests {
    @Test(
        "is brought to one form",
        arguments: [
            ("https://Example.COM", "https://example.com", "example.com", ""),
            ("HTTPS://example.com:443/app", "https://example.com/app", "example.com", "/app"),
            ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080/a/b", "127.0.0.1:8080", "/a/b"),
            ("http://[::1]:80", "http://[::1]", "[::1]", ""),
            ("http://[2001:DB8::1]:81", "http://[2001:db8::1]:81", "[2001:db8::1]:81", ""),
            ("https://example.com:80", "https://example.com:80", "example.com:80", ""),
        ])
    func form(text: String, written: String, authority: String, path: String) throws {
        let address = try WebAddress(text)
        #expect(address.description == written)
        #expect(address.authority == authority)
        #expect(address.path == path)
        #expect(try WebAddress(written) == address)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "example.com", "ftp://example.com", "https://", "https:///path", "https://a/", "https://a/b/",
            "https://a//b",
            "https://a/../b", "https://a?x=1", "https://a#x", "https://user:word@a", "https://a:0", "https://a:70000",
            "https://a:", "https://a b", "https://a/b c", "https://[::1", "https://[x]", "https://ä.example",
            "{{localBaseUrl}}", "https://{{host}}", "https://" + String(repeating: "a", count: 200),
        ])
    func refused(text: String) {
        #expect(throws: Misfit.self) { try WebAddress(text) }
    }

    @Test("of a template says where to read the running one")
    func template() {
        let misfit = #expect(throws: Misfit.self) { try WebAddress("{{localBaseUrl}}") }
        #expect(misfit?.sentence.contains("running app") == true)
    }
}
