import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The configuration file")
struct ConfigurationFileTests {
    private static let folder = URL(fileURLWithPath: "/etc/gateway/")

    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> LoadedConfiguration {
        try ConfigurationFile.read(text, file: "gateway.yaml", folder: Self.folder, environment: environment)
    }

    private func complaints(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do throws(Complaints) {
            _ = try ConfigurationFile.read(
                text, file: "gateway.yaml", folder: Self.folder, environment: environment)
            return []
        } catch {
            return error.list.map(\.description)
        }
    }

    @Test("fills every key that is not given with its default")
    func defaults() throws {
        let configuration = try read("app: { declaration: app.json }").configuration
        #expect(configuration.limits == HTTPLimits())
        #expect(configuration.listen.port == 8080)
        #expect(configuration.admin.port == 8081)
        #expect(configuration.probes.port == nil)
        #expect(configuration.forge.environments == ["PRODUCTION"])
        #expect(configuration.connect.hostSuffixes == [".atlassian.net"])
        #expect(configuration.connect.keyServers.keys.sorted() == [".atlassian-fex.net", ".jira-dev.com"])
    }

    @Test("reads units, lists, regions and entries")
    func values() throws {
        let configuration = try read(
            """
            app: { declaration: app.json, instances: { EU: ["http://127.0.0.1:3001"] } }
            public: { baseUrl: "https://Example.com:443/app", regionBaseUrls: { EU: "https://eu.example.com/app" } }
            limits: { headBytes: 64KiB, headTimeout: 1500ms, keepAliveTimeout: 2m, bodyBytes: 1024 }
            listen: { trustedProxies: [10.0.0.0/8, "::1"], eventLoops: 3 }
            connect: { keyServers: { ".test": "http://127.0.0.1:9" } }
            identify:
              mode: report
              routes:
                - { path: "/cb", query: state }
                - { path: "/in/{tenant}/*" }
                - { path: "/h", header: X-Site }
                - { path: "/rate", query: site, writes: true }
                - { path: "/visit", writes: true }
            defaultRegion: EU
            """
        ).configuration
        let eu = try #require(Region("EU"))
        #expect(configuration.app.instances[eu]?.map(\.description) == ["http://127.0.0.1:3001"])
        #expect(configuration.publicURLs.baseURL?.description == "https://example.com/app")
        #expect(configuration.publicURLs.regionBaseURLs[eu]?.authority == "eu.example.com")
        #expect(configuration.limits.headBytes == 65_536)
        #expect(configuration.limits.headTimeout == .milliseconds(1_500))
        #expect(configuration.limits.keepAliveTimeout == .seconds(120))
        #expect(configuration.limits.bodyBytes == 1_024)
        #expect(configuration.listen.trustedProxies.map(\.description) == ["10.0.0.0/8", "::1"])
        #expect(configuration.listen.eventLoops == 3)
        #expect(configuration.connect.keyServers.count == 3)
        #expect(configuration.identify.mode == .report)
        #expect(
            configuration.identify.routes == [
                TenantRoute(path: "/cb", source: .query("state")),
                TenantRoute(path: "/in/{tenant}/*", source: .path),
                TenantRoute(path: "/h", source: .header("x-site")),
                TenantRoute(path: "/rate", source: .query("site"), writes: true),
                TenantRoute(path: "/visit", source: .none, writes: true),
            ])
        #expect(configuration.defaultRegion == eu)
    }

    @Test("takes paths as relative to itself, given and default ones alike")
    func paths() throws {
        let configuration = try read("app: { declaration: ../app.json }\ndirectory: { path: /var/d.sqlite }")
            .configuration
        #expect(configuration.app.declaration == "/etc/app.json")
        #expect(configuration.directory.path == "/var/d.sqlite")
        #expect(configuration.secrets.keyFile == "/etc/gateway/residency.key")
        let fetched = try read("app: { declaration: \"http://127.0.0.1:3001/atlassian-connect.json\" }").configuration
        #expect(fetched.app.declaration == "http://127.0.0.1:3001/atlassian-connect.json")
    }

    @Test("every field of the data plane's limits has a key")
    func everyLimit() {
        let fields = Mirror(reflecting: HTTPLimits()).children.compactMap(\.label)
        let keys = ConfigurationKey.limits.map { $0.path.replacing("limits.", with: "") }
        #expect(fields.sorted() == keys.sorted())
    }

    @Test(
        "keys are camelCase without digits or acronyms, and each has a variable of its own and a line of documentation")
    func keyNames() {
        let paths = ConfigurationKey.all.map(\.path)
        #expect(Set(paths).count == paths.count)
        let variables = ConfigurationKey.all.compactMap(\.variable)
        #expect(Set(variables).count == variables.count)
        for key in ConfigurationKey.all {
            #expect(key.path.wholeMatch(of: /[a-z]+([A-Z][a-z]+)*(\.[a-z]+([A-Z][a-z]+)*)*/) != nil, "\(key.path)")
            #expect(key.documentation.hasSuffix("."), "\(key.path)")
            #expect(key.documentation.count <= 130, "\(key.path)")
        }
    }

    @Test("says everything that is wrong at once, in the order of the file")
    func allAtOnce() {
        #expect(
            complaints(
                """
                listen:
                  prot: 8080
                  port: many
                limits: { headBytes: 1PiB, headTimeout: 10 }
                colour: blue
                """) == [
                    "gateway.yaml:2:3: listen.prot: is not a key; did you mean `port`?",
                    "gateway.yaml:3:9: listen.port: must be a whole number, not `many`",
                    "gateway.yaml:4:22: limits.headBytes: must be a size such as 512B, 32KiB, 1MiB or 1GiB, not `1PiB`",
                    "gateway.yaml:4:41: limits.headTimeout: must be a time with its unit, such as 500ms, 10s, "
                        + "5m, 1h or 30d, not `10`",
                    "gateway.yaml:5:1: colour: is not a key; there are `admin`, `app`, `connect`, `defaultRegion`, "
                        + "`directory`, `drain`, `forge`, `identify`, `lifecycle`, `limits`, `listen`, `log`, "
                        + "`migration`, `mirror`, `node`, `outbound`, `peers`, `plainHosts`, `probes`, `proxy`, "
                        + "`public`, `reload`, `secrets`, `stores`",
                    "gateway.yaml: app.declaration: is missing. The app's own `atlassian-connect.json` or "
                        + "`manifest.yml`, or the "
                        + "URL where the running app serves it.",
                ])
    }

    @Test(
        "text that is not YAML is refused with its line",
        arguments: ["app: [", "a: 1\na: 2", "\tapp: 1", "app: {b: &x}}"])
    func malformed(text: String) {
        let found = complaints(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("gateway.yaml:") == true, "\(found)")
    }

    @Test("no text makes it fail in any other way")
    func anyText() {
        let pieces = [
            "app", ":", " ", "\n", "{", "}", "[", "]", "\"", "EU", "- ", "&a", "*a", "listen", "port", "1", "~", "!!x ",
        ]
        var state: UInt64 = 42
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            // Nothing of this names a declaration, so every one must be refused.
            #expect(!complaints(text).isEmpty, "\(text)")
        }
    }
}
