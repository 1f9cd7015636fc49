import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("A cutover of a single gateway with a directory of its own", .timeLimit(.minutes(2)))
struct NodeHoldingTests {
    @Test("is led from its own node, which needs no listener to ask itself, and ends at the other app instance")
    func alone() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            _ = try await fixture.install(site, at: fixture.eu)
            let tenant = try #require(try await fixture.record(site))
            let target = try #require(Region("US"))
            var settings = fixture.cutovers.settings(isFenced: true)
            (settings.quietFor, settings.drainBudget, settings.deadline) = (.seconds(30), .seconds(30), .seconds(60))
            let outcome = await fixture.cutovers.coordinator(settings).run(
                tenant.id, migration: "m1", source: tenant.placement.region, target: target
            ) { _ in target }
            let epoch = tenant.placement.epoch + 2
            #expect(outcome == .released(Placement(region: target, epoch: epoch, state: .serving), passedOver: []))
            #expect(try await fixture.page(site, at: fixture.eu).region == "US")
        }
    }

    @Test("is not made, where no store refuses writes, so soon after the node has started")
    func tooSoon() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            _ = try await fixture.install(site, at: fixture.eu)
            let tenant = try #require(try await fixture.record(site))
            let target = try #require(Region("US"))
            var settings = fixture.cutovers.settings(isFenced: false)
            #expect(settings.maxRequestTime == fixture.configuration.limits.appMaxRequestTime)
            settings.cutoverWindow = .milliseconds(50)
            let outcome = await fixture.cutovers.coordinator(settings).run(
                tenant.id, migration: "m1", source: tenant.placement.region, target: target
            ) { _ in target }
            guard case .givenUp(.mayStillWork) = outcome else {
                Issue.record("was not refused: \(outcome)")
                return
            }
            #expect(try await fixture.page(site, at: fixture.eu).region == "EU")
        }
    }
}
