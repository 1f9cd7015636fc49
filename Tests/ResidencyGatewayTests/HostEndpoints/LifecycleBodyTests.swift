import NIOCore
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("A lifecycle body")
struct LifecycleBodyTests {
    private static let good: JSONValue = [
        "key": "com.example.app", "clientKey": "client-1", "sharedSecret": "secret", "eventType": "installed",
        "baseUrl": "https://site.atlassian.net/wiki/", "productType": "confluence", "cloudId": "cloud-1",
        "installationId": "ari:cloud:ecosystem::installation/1", "description": "Jira ☃", "accountId": .null,
        "capabilitySet": ["nested": [1, true]],
    ]

    private func read(_ text: String, _ event: LifecycleEvent = .installed) -> Result<LifecycleBody, RouterError> {
        Result { () throws(RouterError) in try LifecycleBody(ByteBuffer(string: text), event: event) }
    }

    private static func text(_ changes: [String: JSONValue]) -> String {
        var members = good.members
        for (name, value) in changes { members[name] = value }
        return String(decoding: JSONValue.object(members).bytes, as: UTF8.self)
    }

    @Test("is read as the host sends it")
    func installed() throws {
        let body = try read(Self.text([:])).get()
        #expect(body.key == "com.example.app")
        #expect(body.clientKey == "client-1")
        #expect(body.sharedSecret == Secret("secret"))
        #expect(body.baseURL?.text == "https://site.atlassian.net/wiki")
        #expect(body.baseURL?.hostName == "site.atlassian.net")
        #expect(body.productType == "confluence")
        #expect(body.cloudID == "cloud-1")
        #expect(body.installationID == "ari:cloud:ecosystem::installation/1")
    }

    @Test("of an uninstall needs no secret and no address")
    func uninstalled() throws {
        let body = try read(#"{"key":"k","clientKey":"c","eventType":"uninstalled"}"#, .uninstalled).get()
        #expect(body.sharedSecret == nil)
        #expect(body.baseURL == nil)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let text: String
        /// A word that the sentence must hold.
        let word: String
        var testDescription: String { "\(word): \(text.prefix(60))" }

        init(without member: String, _ word: String) {
            var members = LifecycleBodyTests.good.members
            members[member] = nil
            self.text = String(decoding: JSONValue.object(members).bytes, as: UTF8.self)
            self.word = word
        }

        init(_ changes: [String: JSONValue], _ word: String) {
            self.text = LifecycleBodyTests.text(changes)
            self.word = word
        }

        init(raw: String, _ word: String) {
            self.text = raw
            self.word = word
        }
    }

    @Test(
        "that is wrong is refused with the member named",
        arguments: [
            Fault(without: "clientKey", "\"clientKey\" is missing"),
            Fault(["clientKey": .null], "\"clientKey\" is missing"),
            Fault(["clientKey": 7], "\"clientKey\" must be a text, not a number"),
            Fault(["clientKey": ["a"]], "\"clientKey\" must be a text, not an array"),
            Fault(["clientKey": ""], "\"clientKey\" is empty"),
            Fault(["clientKey": "a\nb"], "\"clientKey\" holds control characters"),
            Fault(["clientKey": .text(String(repeating: "x", count: 256))], "\"clientKey\" is longer"),
            Fault(without: "key", "\"key\" is missing"),
            Fault(["key": true], "\"key\" must be a text, not a boolean"),
            Fault(without: "sharedSecret", "\"sharedSecret\" is missing"),
            Fault(["sharedSecret": ""], "\"sharedSecret\" is empty"),
            Fault(["sharedSecret": ["a": "b"]], "\"sharedSecret\" must be a text, not an object"),
            Fault(without: "baseUrl", "\"baseUrl\" is missing"),
            Fault(["baseUrl": "http://site.atlassian.net"], "\"baseUrl\" must be an https URL"),
            Fault(["baseUrl": "https://a@evil.example"], "\"baseUrl\" must be an https URL"),
            Fault(["productType": 1], "\"productType\""),
            Fault(["cloudId": ["a": 1]], "\"cloudId\""),
            Fault(["installationId": false], "\"installationId\""),
            Fault(["eventType": "uninstalled"], "\"eventType\" must be \"installed\""),
            Fault(raw: "", "not a JSON object"), Fault(raw: "[]", "not a JSON object"),
            Fault(raw: "{", "not valid JSON"), Fault(raw: "{}x", "not valid JSON"),
            Fault(raw: #"{"clientKey":"a","clientKey":"b"}"#, "same member twice"),
            Fault(raw: #"{"clientKey":"a","client\u004bey":"b"}"#, "same member twice"),
            Fault(raw: #"{"a":1e999}"#, "too large"),
            Fault(raw: String(repeating: #"{"a":"#, count: 40), "nested too deeply"),
        ])
    func faults(fault: Fault) {
        switch read(fault.text) {
        case .success: Issue.record("was taken")
        case .failure(let error):
            #expect(error.code == .badBody)
            #expect(error.detail.contains(fault.word), "\(error.detail)")
        }
    }

    @Test("never has its secret in an error")
    func secrecy() {
        let text = Self.text(["sharedSecret": "hunter2", "baseUrl": "ftp://x"])
        #expect(throws: RouterError.self) { try read(text).get() }
        if case .failure(let error) = read(text) { #expect(!error.detail.contains("hunter2")) }
    }
}
