import Foundation
import Logging
import NIOCore
import RealmMigration
import RegionRouter
import ServiceLifecycle
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The operator's listener")
struct AdminServiceTests {
    /// Runs the service on free ports, and gives the base URLs of both listeners.
    private func withService(
        _ health: Health, probes: Bool = true,
        _ body: @escaping @Sendable (_ admin: String, _ probes: String?, OutboundClient) async throws -> Void
    ) async throws {
        let service = AdminService(
            admin: AdminService.Listener(host: "127.0.0.1", port: 0),
            probes: probes ? AdminService.Listener(host: "127.0.0.1", port: 0) : nil,
            sources: AdminService.Sources(
                health: health, metrics: RouterMetrics(regions: []),
                tenants: { TenantCounts(byState: [.installed: 7], displaced: 1) }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let admin = try #require(await service.boundAdminAddress()?.port)
            let probes = await service.boundProbesAddress()?.port
            let allow = ["127.0.0.1"].compactMap { AddressRange($0) }
            try await withOutboundClient(OutboundConfiguration(allow: allow)) {
                try await body("http://127.0.0.1:\(admin)", probes.map { "http://127.0.0.1:\($0)" }, $0)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("answers the same health on both listeners, with reasons")
    func health() async throws {
        let health = Health(regions: [])
        try await withService(health) { admin, probes, client in
            for base in [admin, try #require(probes)] {
                #expect(try await client.fetch(OutboundRequest(url: base + "/healthz")).text == "ok\n")
            }
            let starting = try await client.fetch(OutboundRequest(url: admin + "/readyz"))
            #expect(starting.status == 503)
            #expect(
                starting.text.contains(#""name":"router","needed":true,"reason":"nothing has been heard of it yet""#))
            health.set(.router, .fine)
            health.set(.directory, .fine)
            let ready = try await client.fetch(OutboundRequest(url: try #require(probes) + "/readyz"))
            #expect(ready.status == 200)
            #expect(ready.header("content-type") == "application/json")
            #expect(ready.text.contains(#""node":"local","ready":true"#))
            health.set(.router, .draining)
            #expect(try await client.fetch(OutboundRequest(url: admin + "/readyz")).status == 503)
        }
    }

    @Test("shows metrics, and nothing else")
    func pages() async throws {
        try await withService(Health(regions: []), probes: false) { admin, probes, client in
            #expect(probes == nil)
            let page = try await client.fetch(OutboundRequest(url: admin + "/metrics"))
            #expect(page.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(page.text.contains(#"residency_tenants{state="installed"} 7"#))
            #expect(try await client.fetch(OutboundRequest(url: admin + "/elsewhere")).status == 404)
            #expect(try await client.fetch(OutboundRequest(url: admin + "/metrics", method: "POST")).status == 404)
        }
    }

    @Test("an address in use ends the service with an error")
    func addressInUse() async throws {
        try await withService(Health(regions: []), probes: false) { admin, _, _ in
            let port = try #require(URL(string: admin)?.port)
            let second = AdminService(
                admin: AdminService.Listener(host: "127.0.0.1", port: port), probes: nil,
                sources: AdminService.Sources(
                    health: Health(regions: []), metrics: RouterMetrics(regions: []), tenants: { nil }),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await #expect(throws: (any Error).self) { try await second.run() }
            #expect(await second.boundAdminAddress() == nil)
        }
    }
}
