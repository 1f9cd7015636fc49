import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("Configuration and declaration together")
struct RouterPlanTests {
    private static let connect = """
        {"key": "app", "baseUrl": "https://example.com/app", "authentication": {"type": "jwt"},
         "regionBaseUrls": {"EU": "https://eu.example.com/app", "US": "https://us.example.com/app"},
         "lifecycle": {"installed": "/installed"}, "modules": {"webPanels": [{"url": "/panel"}]}}
        """

    private func plan(
        _ settings: String, _ declaration: String = connect, cookieKey: Secret? = nil
    ) throws -> RouterConfiguration {
        let configuration = try ConfigurationFile.read(
            "app: { declaration: app.json" + settings, file: "gateway.yaml", folder: URL(fileURLWithPath: "/"),
            environment: [:]
        ).configuration
        return try makeRouterConfiguration(
            configuration, try DeclarationFile.read(declaration, source: "app.json", remote: nil), cookieKey: cookieKey)
    }

    private func complaints(_ settings: String, _ declaration: String = connect) -> [String] {
        do {
            _ = try plan(settings, declaration)
            return []
        } catch let error as Complaints {
            return error.list.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private static let instances =
        ", instances: { EU: [\"http://127.0.0.1:3001\"], US: [\"http://10.0.0.2/app\"] } }\n"
        + "plainHosts: [10.0.0.2]\n"

    @Test("with instances, the declared URLs are the public ones")
    func declaredArePublic() throws {
        let router = try plan(Self.instances + "defaultRegion: US")
        #expect(
            router.endpoints.map(\.baseURL).sorted() == [
                "https://eu.example.com/app", "https://example.com/app", "https://us.example.com/app",
            ])
        #expect(router.endpoints.allSatisfy { $0.basePath == "/app" })
        let plain = try #require(router.endpoints.first { $0.region == .global })
        #expect(plain.authority == "example.com")
        let us = try #require(Region("US"))
        #expect(router.instances[us] == [UpstreamAddress(host: "10.0.0.2", port: 80)])
        #expect(router.defaultRegion == us)
        #expect(router.identify.appKey == "app")
        #expect(router.identify.descriptorPath == "/atlassian-connect.json")
        #expect(router.identify.lifecyclePaths == [.installed: "/installed"])
        #expect(router.identify.declaredCalls == [DeclaredCall(method: "GET", path: "/panel")])
    }

    @Test("without instances, the declared URLs are the instances, and the plain one is the default region's")
    func declaredAreInstances() throws {
        let declaration = """
            {"key": "app", "baseUrl": "http://10.0.0.9:3000", "authentication": {"type": "jwt"},
             "regionBaseUrls": {"EU": "http://10.0.0.1:3000"}, "lifecycle": {"installed": "/installed"}}
            """
        let router = try plan(
            " }\npublic: { baseUrl: \"https://gate.example.com\", "
                + "regionBaseUrls: { EU: \"https://eu.gate.example.com\" } }\n"
                + "defaultRegion: US\nplainHosts: [10.0.0.1, 10.0.0.9]", declaration)
        #expect(
            router.instances.mapValues { $0.map(\.authority).joined() } == [
                try #require(Region("EU")): "10.0.0.1:3000", try #require(Region("US")): "10.0.0.9:3000",
            ])
        #expect(router.endpoints.count == 2)
    }

    @Test("a region of the node's own alone needs an instance")
    func ownedOnly() throws {
        let router = try plan(
            ", instances: { EU: [\"http://127.0.0.1:3001\"] } }\nnode: { regions: [EU] }\ndefaultRegion: US")
        #expect(router.instances.count == 1)
        #expect(router.endpoints.count == 3)
    }

    @Test("the default region may share the plain URL, and no other may")
    func sharedPlainURL() throws {
        let shared = Self.connect.replacing("https://eu.example.com/app", with: "https://example.com/app")
        let router = try plan(Self.instances + "defaultRegion: EU", shared)
        #expect(router.endpoints.map(\.region.code).sorted() == ["EU", "US"])
        let found = complaints(Self.instances + "defaultRegion: US", shared)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("app.json:2:27: regionBaseUrls.EU: is the plain base URL as well") == true)
    }

    @Test("one region needs no default")
    func onlyRegion() throws {
        let declaration = """
            {"key": "app", "baseUrl": "https://example.com", "authentication": {"type": "jwt"},
             "lifecycle": {"installed": "/installed"}}
            """
        let router = try plan(", instances: { DE: [\"http://127.0.0.1:3001\"] } }", declaration)
        #expect(router.defaultRegion.code == "DE")
        #expect(router.endpoints.map(\.region) == [.global])
    }

    @Test("calls are added and taken away by the configuration")
    func calls() throws {
        let router = try plan(
            Self.instances + """
                defaultRegion: EU
                identify:
                  leeway: 10s
                  declaredCalls: [{ path: "/x/{id}", method: POST }, { path: /panel }]
                  contextTokenCalls: [{ path: /panel }]
                lifecycle: { previousSecretFor: 0s }
                """)
        #expect(router.identify.declaredCalls == [DeclaredCall(method: "POST", path: "/x/{id}")])
        #expect(router.identify.leewaySeconds == 10)
        #expect(!router.identify.honoursPreviousSecret)
    }

    @Test("the cookie needs its key")
    func cookie() throws {
        let settings = Self.instances + "defaultRegion: EU\nidentify: { cookie: { enabled: true, lifetime: 5m } }"
        #expect(
            complaints(settings) == [
                "gateway.yaml: identify.cookie.keyFile: has no key, which identify.cookie.enabled needs"
            ])
        let router = try plan(settings, cookieKey: Secret("k"))
        #expect(router.identify.cookie?.lifetime == .seconds(300))
    }

    @Test(
        "an instance that is a public URL or the gateway's own listener is refused",
        arguments: ["http://eu.example.com/app", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
    func loops(url: String) {
        let declaration = Self.connect.replacing("https://", with: "http://")
        let settings =
            ", instances: { EU: [\"\(url)\"], US: [\"http://127.0.0.1:3002\"] } }\n"
            + "listen: { host: 0.0.0.0 }\ndefaultRegion: EU\n"
            + "plainHosts: [example.com, eu.example.com, us.example.com]"
        let found = complaints(settings, declaration)
        #expect(found.count == 1)
        #expect(found.first?.contains("round in a loop") == true, "\(found)")
    }

    @Test("a base URL without TLS is refused, unless it is this machine's or its host is named")
    func plainURLs() throws {
        let settings =
            ", instances: { EU: [\"http://app.internal:3001\"], US: [\"http://127.0.0.1:3002\"] } }\n"
            + "defaultRegion: EU\n"
        let found = complaints(settings)
        #expect(found.count == 1)
        #expect(found.first?.contains("app.instances.EU: must begin with https://") == true, "\(found)")
        #expect(found.first?.contains("add app.internal to plainHosts") == true)
        #expect(complaints(settings + "plainHosts: [App.internal]").isEmpty)
        let called = complaints(
            ", instances: { EU: [\"http://[::1]:1\"], US: [\"http://localhost:2\"] } }\n"
                + "public: { baseUrl: \"http://a.example.com\", regionBaseUrls: "
                + "{ EU: \"http://eu.localhost:8080\", US: \"https://us.example.com\" } }\ndefaultRegion: EU")
        #expect(called.count == 1 && called.first?.contains("public.baseUrl: must begin with https://") == true)
    }
}
