import Testing

@testable import ResidencyGateway

@Suite("An app as its descriptor shows it")
struct ServedAppTests {
    @Test("has its pages, webhooks and regions found")
    func sample() throws {
        let app = try #require(
            ServedApp(SampleDescriptor.value(baseURL: "http://a", regionBaseURLs: ["EU": "http://eu"])))
        #expect(app.key == SampleApp.key)
        #expect(app.pages == ["/panel"])
        #expect(app.webhooks == ["/webhooks/issue-created"])
        #expect(app.lifecycle["installed"] == "/installed")
        #expect(try app.baseURL(region: "EU") == "http://eu")
        #expect(try app.baseURL(region: nil) == "http://a")
        #expect(try app.baseURL(region: "GLOBAL") == "http://a")
        #expect(throws: HostError.self) { try app.baseURL(region: "US") }
    }

    @Test("is none where key or address is missing, and one without pages where there are none")
    func others() throws {
        #expect(ServedApp(["key": "a"]) == nil)
        #expect(ServedApp([]) == nil)
        let bare = try #require(ServedApp(["key": "a", "baseUrl": "http://a"]))
        #expect(bare.pages.isEmpty && bare.webhooks.isEmpty && bare.lifecycle.isEmpty)
        let templates: JSONValue = [
            "key": "a", "baseUrl": "http://a",
            "modules": [
                "webPanels": [["url": "/p?i={issue.id}"], ["url": "/q"]], "configurePage": ["url": "/configure"],
                "webSections": [["url": "https://elsewhere.example/"]],
            ],
        ]
        #expect(try #require(ServedApp(templates)).pages == ["/configure", "/q"])
    }
}
