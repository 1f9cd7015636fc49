import Logging
import NIOPosix
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

    @Test("is found out by looking")
    func monitor() async throws {
        let server = try await ScriptedServer { _ in .silence }
        let gone = try await ScriptedServer { _ in .silence }
        try await gone.stop()
        let health = Health(regions: [eu, us])
        let monitor = HealthMonitor(
            health: health,
            instances: { [eu, us] in
                [
                    eu: UpstreamAddress(host: "127.0.0.1", port: server.port),
                    us: UpstreamAddress(host: "127.0.0.1", port: gone.port),
                ]
            },
            readDirectory: { () throws(DirectoryError) in throw DirectoryError(.unavailable, "the disk is gone") })
        await monitor.look(on: MultiThreadedEventLoopGroup.singleton)
        #expect(health.report.checks.map(\.state) == ["fine", "failing", "failing", "starting"])
        #expect(health.report.checks[2].reason == "the disk is gone")
        #expect(health.report.checks[1].reason == "127.0.0.1:\(gone.port) takes no connection; start the app")
        try await server.stop()
    }

    @Test("is looked at until the service is told to stop, and that is no error")
    func monitorStops() async throws {
        let health = Health(regions: [])
        let (looks, look) = AsyncStream.makeStream(of: Void.self)
        let monitor = HealthMonitor(
            health: health, instances: { [:] }, readDirectory: { () throws(DirectoryError) in look.yield() },
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
