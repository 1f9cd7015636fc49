import Foundation
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The environment")
struct ConfigurationEnvironmentTests {
    private func read(_ environment: [String: String]) throws(Complaints) -> LoadedConfiguration {
        try ConfigurationFile.read(
            "app: { declaration: app.json }\nlisten: { port: 1 }", file: "gateway.yaml",
            folder: URL(fileURLWithPath: "/etc/"), environment: environment)
    }

    @Test("goes before the file, for scalars, lists and regions")
    func overrides() throws {
        let configuration = try read([
            "RESIDENCY_LISTEN_PORT": "9000", "RESIDENCY_LISTEN_EVENT_LOOPS": "1", "RESIDENCY_LIMITS_HEAD_TIMEOUT": "3s",
            "RESIDENCY_LISTEN_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.1",
            "RESIDENCY_PUBLIC_REGION_BASE_URLS_EU": "https://eu.example.com",
            "RESIDENCY_APP_INSTANCES_US": "http://127.0.0.1:3002",
            "RESIDENCY_IDENTIFY_COOKIE_ENABLED": "true", "RESIDENCY_SECRETS_KEY": "c2VjcmV0",
        ]).configuration
        #expect(configuration.listen.port == 9_000)
        #expect(configuration.listen.eventLoops == 1)
        #expect(configuration.limits.headTimeout == .seconds(3))
        #expect(configuration.listen.trustedProxies.count == 2)
        #expect(configuration.publicURLs.regionBaseURLs.first?.value.authority == "eu.example.com")
        #expect(configuration.app.instances.first?.key.code == "US")
        #expect(configuration.identify.cookie.enabled)
        #expect(configuration.secrets.key == Secret("c2VjcmV0"))
    }

    @Test("every key that may have a variable is found under its name")
    func everyVariable() {
        for key in ConfigurationKey.all {
            guard let variable = key.variable else { continue }
            var name = variable
            if case .regions = key.shape { name += "_EU" }
            do throws(Complaints) {
                let loaded = try read([name: "\u{7}"])
                #expect(loaded.warnings.isEmpty, "\(name)")
                #expect(loaded.configuration.places.values.contains(.variable(name)), "\(name)")
            } catch {
                #expect(error.list.first?.place == .variable(name), "\(name): \(error)")
            }
        }
    }

    @Test("a wrong value is named by its variable, and a secret is not shown")
    func wrong() {
        let error = #expect(throws: Complaints.self) {
            try read(["RESIDENCY_LISTEN_PORT": "70000", "RESIDENCY_SECRETS_KEY": ""])
        }
        #expect(
            error?.list.map(\.description) == [
                "RESIDENCY_LISTEN_PORT: listen.port: must be from 0 to 65535, not 70000",
                "RESIDENCY_SECRETS_KEY: secrets.key: must be secret text; its value is not shown",
            ])
    }

    @Test("an unknown variable is a warning that names what was meant")
    func unknown() throws {
        let warnings = try read([
            "RESIDENCY_LISTEN_PROT": "1", "RESIDENCY_GATEWAY_PORT": "tcp://10.0.0.1:80",
            "RESIDENCY_LISTEN_PORT": "tcp://10.0.0.1:80", "HOME": "/root",
        ])
        #expect(warnings.configuration.listen.port == 1)
        #expect(warnings.warnings.count == 3)
        #expect(warnings.warnings[0].hasPrefix("RESIDENCY_LISTEN_PORT is not used"))
        #expect(warnings.warnings[1].contains("enableServiceLinks: false"))
        #expect(
            warnings.warnings[2]
                == "RESIDENCY_LISTEN_PROT is not a key and is not used; did you mean RESIDENCY_LISTEN_PORT?")
    }
}
