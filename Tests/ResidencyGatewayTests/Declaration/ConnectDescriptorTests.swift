import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("A Connect descriptor")
struct ConnectDescriptorTests {
    private func read(_ more: String) throws(Complaints) -> Declaration {
        try DeclarationFile.read(
            """
            { "key": "app", "baseUrl": "https://example.com/base", "authentication": {"type": "JWT"},
              "lifecycle": {"installed": "/installed?x=1", "enabled": "enabled"}\(more.isEmpty ? "" : ", " + more) }
            """, source: "app.json", remote: nil)
    }

    @Test("gives key, URLs and lifecycle paths")
    func basics() throws {
        let declaration = try read(#""regionBaseUrls": {"EU": "https://eu.example.com/base"}"#)
        #expect(declaration.framework == .connect)
        #expect(declaration.appKey == "app")
        #expect(declaration.baseURL.description == "https://example.com/base")
        #expect(declaration.regionBaseURLs.map { $0.key.code } == ["EU"])
        #expect(declaration.lifecyclePaths == [.installed: "/installed", .enabled: "/enabled"])
        #expect(declaration.migrationPath == nil)
    }

    @Test(
        "declares the URL of a module, however deep and in whatever form",
        arguments: [
            (#"{"webPanels": [{"key": "a", "url": "/panel"}]}"#, ["GET /panel"]),
            (#"{"postInstallPage": {"key": "a", "url": "/hello"}}"#, ["GET /hello"]),
            (#"{"webPanels": [{"url": "/i/{issue.key}/p?x={project.key}&y=1#top"}]}"#, ["GET /i/{issue.key}/p"]),
            (#"{"webPanels": [{"url": "/i/{ac.value?}/p?q"}]}"#, ["GET /i/{ac.value?}/p"]),
            (#"{"webPanels": [{"url": "panel"}]}"#, ["GET /panel"]),
            (#"{"webPanels": [{"url": "https://example.com/base/panel"}]}"#, ["GET /panel"]),
            (#"{"webPanels": [{"url": "https://example.com/basement"}]}"#, []),
            (#"{"webItems": [{"url": "https://docs.example.net/help"}]}"#, []),
            (#"{"webItems": [{"url": "/browse/{issue.key}", "context": "product"}]}"#, []),
            (#"{"webItems": [{"url": "/help", "context": "addon"}]}"#, ["GET /help"]),
            (#"{"webhooks": [{"event": "e", "url": "/hook?k=${issue.key}"}]}"#, ["POST /hook"]),
            (#"{"jiraIssueGlances": [{"target": {"type": "web_panel", "url": "/glance"}}]}"#, ["GET /glance"]),
            (
                #"{"jiraWorkflowPostFunctions": [{"create": {"url": "/c"}, "triggered": {"url": "/t"}}]}"#,
                ["GET /c", "POST /t"]
            ),
            (
                #"{"dynamicContentMacros": [{"url": "/m", "editor": {"url": "/e"}, "#
                    + #""renderModes": {"pdf": {"url": "/pdf"}}}]}"#,
                ["GET /m", "GET /e", "GET /pdf"]
            ),
            (#"{"staticContentMacros": [{"url": "/s", "icon": {"url": "/icon.png"}}]}"#, ["GET /s"]),
            (
                #"{"blueprints": [{"template": {"url": "/t.xml", "blueprintContext": {"url": "/context"}}}]}"#,
                ["GET /t.xml", "POST /context"]
            ),
            (#"{"generalPages": [{"url": "/p", "cacheable": true}], "adminPages": [{"url": "/p"}]}"#, ["GET /p"]),
        ])
    func modules(modules: String, calls: [String]) throws {
        let declaration = try read(#""modules": \#(modules)"#)
        #expect(declaration.declaredCalls.map { "\($0.method) \($0.path)" } == calls)
    }

    @Test("may be escaped as JSON is, beyond the first plane of characters too")
    func escapes() throws {
        let declaration = try read(#""name": "\ud83d\ude00 \u00e4 \/ \\ud83d \"", "description": "tab\there""#)
        #expect(declaration.text.contains("😀"))
        #expect(declaration.text.contains(#"\\ud83d"#))
    }

    @Test("without what it needs is refused with a sentence for each")
    func missing() {
        let error = #expect(throws: Complaints.self) {
            try DeclarationFile.read("{\"modules\": {}}", source: "app.json", remote: nil)
        }
        #expect(error?.list.map(\.field) == ["key", "baseUrl", "authentication", "lifecycle.installed"])
        #expect(error?.list.allSatisfy { $0.description.hasPrefix("app.json:1:1: ") } == true)
    }

    @Test(
        "that is no mapping, or no text at all, is refused",
        arguments: [
            "", "[]", "null", "\"text\"", "{", "{\"a\": 1, \"a\": 2}", "<html></html>", "{\"key\": {{appKey}}}",
        ])
    func notADescriptor(text: String) {
        #expect(throws: Complaints.self) { try DeclarationFile.read(text, source: "app.json", remote: nil) }
    }

    @Test("that is deep, or grows by aliases, is refused before it is walked")
    func bounded() {
        let deep = String(repeating: "{\"a\":", count: 5_000) + "1" + String(repeating: "}", count: 5_000)
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            laughs +=
                "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        for text in [deep, laughs] {
            let error = #expect(throws: Complaints.self) {
                try DeclarationFile.read(text, source: "app.json", remote: nil)
            }
            #expect(error?.list.count == 1)
        }
    }

    @Test("is fetched from the running app where the configuration gives a URL")
    func fetched() async throws {
        let text = try String(
            contentsOf: ShippedConfigurationTests.folder.appendingPathComponent("atlassian-connect.json"),
            encoding: .utf8)
        let declaration = try await DeclarationFile.load("http://127.0.0.1:3001/atlassian-connect.json", remote: nil) {
            #expect($0 == "http://127.0.0.1:3001/atlassian-connect.json")
            return Array(text.utf8)
        }
        #expect(declaration.source == "http://127.0.0.1:3001/atlassian-connect.json")
        #expect(
            declaration.declaredCalls.map { "\($0.method) \($0.path)" } == [
                "GET /page", "GET /issues/{issue.key}/panel", "GET /settings", "GET /post-function/create",
                "GET /post-function/view", "POST /post-function/run", "POST /webhooks/issue", "POST /webhooks/comment",
            ])
    }
}
