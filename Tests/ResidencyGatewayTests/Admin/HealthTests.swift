import Logging
import RegionRouter
import ServiceLifecycle
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The health of the gateway")
struct HealthTests {
    private let eu: Region
    private let us: Region

    init() throws {
        eu = try #require(Region("EU"))
        us = try #require(Region("US"))
    }

    @Test("is ready once router and directory are, whatever an app instance does")
    func ready() {
        let health = Health(regions: [eu, us])
        #expect(!health.report.ready)
        health.set(.router, .fine)
        #expect(!health.report.ready)
        health.set(.directory, .fine)
        health.set(.instance(us), .failing("takes no connection"))
        let report = health.report
        #expect(report.ready)
        #expect(report.checks.map(\.name) == ["app instance EU", "app instance US", "directory", "router"])
        #expect(report.checks.map(\.state) == ["starting", "failing", "fine", "fine"])
        #expect(report.checks[1].reason == "takes no connection")
    }

    @Test("stays ready when the directory goes away later, and says so")
    func directoryAway() {
        let health = Health(regions: [])
        health.set(.router, .fine)
        health.set(.directory, .failing("not there"))
        #expect(!health.report.ready)
        health.set(.directory, .fine)
        health.set(.directory, .failing("gone"))
        #expect(health.report.ready)
        #expect(health.report.checks.first?.reason == "gone")
    }

    @Test("is not ready again once the router drains")
    func draining() {
        let health = Health(regions: [])
        health.set(.directory, .fine)
        health.set(.router, .draining)
        health.set(.router, .fine)
        #expect(!health.report.ready)
        #expect(health.report.checks.last?.state == "draining")
    }

    private static func status(_ region: Region, _ port: Int, isWell: Bool?, isOut: Bool = false) -> UpstreamStatus {
        UpstreamStatus(
            region: region, authority: "10.0.0.1:\(port)", isPeer: false, isOut: isOut, isWell: isWell, outstanding: 0)
    }

    @Test("is found out by looking")
    func monitor() async {
        let health = Health(regions: [eu, us])
        let (eu, us) = (eu, us)
        let monitor = HealthMonitor(
            health: health,
            upstreams: {
                [
                    Self.status(eu, 1, isWell: true), Self.status(us, 2, isWell: false),
                    Self.status(us, 3, isWell: false),
                ]
            },
            readDirectory: { () throws(DirectoryError) in throw DirectoryError(.unavailable, "the disk is gone") })
        await monitor.lookAtDirectory()
        monitor.lookAtInstances()
        #expect(health.report.checks.map(\.state) == ["fine", "failing", "failing", "starting"])
        #expect(health.report.checks[2].reason == "the disk is gone")
        #expect(
            health.report.checks[1].reason
                == "10.0.0.1:2, 10.0.0.1:3 takes no connection, or fails its check; start the app")
    }

    @Test("of a region is fine while one of its instances is, and names those that are not")
    func impaired() {
        let health = Health(regions: [eu, us])
        let (eu, us) = (eu, us)
        let monitor = HealthMonitor(
            health: health,
            upstreams: {
                [
                    Self.status(eu, 1, isWell: true, isOut: true), Self.status(eu, 2, isWell: false),
                    Self.status(us, 3, isWell: nil),
                ]
            }, readDirectory: {})
        monitor.lookAtInstances()
        #expect(health.report.checks.map(\.state) == ["fine", "starting", "starting", "starting"])
        #expect(
            health.report.checks[0].reason
                == "10.0.0.1:2 takes no connection, or fails its check; "
                + "10.0.0.1:1 has failed requests and is passed over")
    }

    @Test("is looked at until the service is told to stop, and that is no error")
    func monitorStops() async throws {
        let health = Health(regions: [])
        let (looks, look) = AsyncStream.makeStream(of: Void.self)
        let monitor = HealthMonitor(
            health: health, upstreams: { [] }, readDirectory: { () throws(DirectoryError) in look.yield() },
            interval: .seconds(3_600))
        let group = ServiceGroup(services: [monitor], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in looks { break }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
