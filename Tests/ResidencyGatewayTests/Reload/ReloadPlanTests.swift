import Foundation
import Logging
import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("A configuration that is read again")
struct ReloadPlanTests {
    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> GatewayConfiguration {
        try ConfigurationFile.read(
            "app: { declaration: app.json }\n" + text, file: "gateway.yaml", folder: URL(fileURLWithPath: "/etc/"),
            environment: environment
        ).configuration
    }

    @Test("changes nothing where the same is given, however it is laid out")
    func same() throws {
        let plan = ReloadPlan(
            from: try read("limits: { headBytes: 64KiB }\npublic: { regionBaseUrls: { EU: \"http://eu.example\" } }"),
            to: try read(
                "public:\n  regionBaseUrls:\n    EU: http://eu.example\nlimits:\n  headBytes: \"64KiB\" # same"))
        #expect(plan.taken.isEmpty && plan.deferred.isEmpty)
    }

    @Test("takes what can change at once, also what is given no more")
    func taken() throws {
        let plan = ReloadPlan(
            from: try read("limits: { headBytes: 64KiB }\ndefaultRegion: EU"),
            to: try read("log: { level: debug }\ndefaultRegion: US"))
        #expect(plan.taken == ["limits.headBytes", "log.level", "defaultRegion"])
        #expect(plan.deferred.isEmpty)
        #expect(plan.configuration.limits.headBytes == 32 << 10)
        #expect(plan.configuration.log.level == .debug)
        #expect(plan.configuration.defaultRegion == Region("US"))
    }

    @Test("keeps what needs a restart as it was, names it, and names it again until there is one")
    func deferred() throws {
        let old = try read("listen: { port: 8000, trustedProxies: [10.0.0.0/8] }\nadmin: { port: 8001 }")
        let new = try read("listen: { port: 9000, trustedProxies: [10.1.0.0/16] }\nadmin: { port: 8001 }")
        let plan = ReloadPlan(from: old, to: new)
        #expect(plan.taken == ["listen.trustedProxies"])
        #expect(plan.deferred == ["listen.port"])
        #expect(plan.configuration.listen.port == 8_000)
        #expect(plan.configuration.listen.trustedProxies.map(\.description) == ["10.1.0.0/16"])
        let again = ReloadPlan(from: plan.configuration, to: new)
        #expect(again.taken.isEmpty)
        #expect(again.deferred == ["listen.port"])
        #expect(ReloadPlan(from: plan.configuration, to: old).deferred.isEmpty)
    }

    @Test("sees a variable in the place of the file's value")
    func variables() throws {
        let plan = ReloadPlan(
            from: try read("log: { level: info }"),
            to: try read("log: { level: info }", ["RESIDENCY_LOG_LEVEL": "debug"]))
        #expect(plan.taken == ["log.level"])
    }
}
