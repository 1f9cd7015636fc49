import RegionRouter
import Testing

@testable import ResidencyGateway

@Suite("The document of a key")
struct KeyDocumentTests {
    private let configuration = PublicKeyConfiguration(
        installKeysURL: "https://keys.example/",
        installKeysURLBySuffix: [
            ".jira-dev.com": "https://staging.example", ".eu.jira-dev.com": "https://eu-staging.example/keys",
        ],
        forgeKeySetURL: "https://forge.example/jwks.json",
        forgeKeySets: [
            .init(apiBaseURL: "https://api.stg.example/", url: "https://stg.example/jwks.json"),
            .init(isolatedCloudLabel: "alpha", url: "https://alpha.example/jwks.json"),
        ])

    private func url(_ query: PublicKeyQuery) -> String? {
        (try? KeyDocument.holding(query, configuration: configuration))?.url
    }

    @Test(
        "is at the server that the host name's end selects",
        arguments: [
            ("site.atlassian.net", "https://keys.example/k-1"), ("x.jira-dev.com", "https://staging.example/k-1"),
            ("jira-dev.com", "https://staging.example/k-1"),
            ("x.eu.jira-dev.com", "https://eu-staging.example/keys/k-1"),
            ("evil-jira-dev.com", "https://keys.example/k-1"), ("", "https://keys.example/k-1"),
        ])
    func install(host: String, expected: String) {
        #expect(url(.install(kid: "k-1", hostName: host)) == expected)
    }

    @Test("is the Forge set that the token's origin selects")
    func forge() {
        func forge(_ label: String?, _ base: String?) -> String? {
            url(.forge(kid: "k", isolatedCloudLabel: label, apiBaseURL: base))
        }
        #expect(forge(nil, nil) == "https://forge.example/jwks.json")
        #expect(forge(nil, "https://api.example/") == "https://forge.example/jwks.json")
        #expect(forge(nil, "https://api.stg.example/ex/jira") == "https://stg.example/jwks.json")
        #expect(forge("alpha", "https://api.example/") == "https://alpha.example/jwks.json")
        #expect(forge("beta", "https://api.example/") == nil)
    }

    @Test(
        "has no name that could leave its path",
        arguments: [
            "", ".", "..", "../x", "a/b", "a%2Fb", "a?b", "a#b", "a b", "a\r\nb", "ä", "a:b", "a\\b", "a@b",
            String(repeating: "a", count: 201),
        ])
    func badNames(kid: String) {
        #expect(url(.install(kid: kid, hostName: "site.atlassian.net")) == nil)
    }

    @Test("has no Forge key that no key set could hold", arguments: ["", "a b", "a\nb", "ä"])
    func badSetNames(kid: String) {
        #expect(url(.forge(kid: kid, isolatedCloudLabel: nil, apiBaseURL: nil)) == nil)
    }

    @Test(
        "has no label outside the documented pattern",
        arguments: ["", "A", "a.b", "a/b", "ä", String(repeating: "a", count: 51)])
    func badLabels(label: String) {
        let other = PublicKeyConfiguration(
            installKeysURL: "", forgeKeySetURL: "", forgeKeySets: [.init(isolatedCloudLabel: label, url: "https://x/")])
        let query = PublicKeyQuery.forge(kid: "k", isolatedCloudLabel: label, apiBaseURL: nil)
        #expect((try? KeyDocument.holding(query, configuration: other)) == nil)
    }
}
