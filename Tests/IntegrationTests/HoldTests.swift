import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("A cutover among gateway processes on PostgreSQL", .timeLimit(.minutes(5)))
struct HoldTests {
    static func withSite(relayed: [String] = [], _ body: (FleetSite) async throws -> Void) async throws {
        let site = try await FleetSite(on: try await PostgresCluster.shared(), relayed: relayed)
        do {
            for name in FleetSite.names { try await site.start(name) }
            try await site.canBeAsked()
            try await body(site)
        } catch {
            await site.end()
            throw error
        }
        await site.end()
    }

    @Test("has a request wait at each node of both regions, and answered by the region that was switched to")
    func switches() async throws {
        try await Self.withSite { site in
            for name in FleetSite.names {
                let before = try await site.call(name, "/echo/before")
                #expect(before.field("x-instance") == "eu")
                #expect(before.text.contains("X-Residency-Epoch: 1\r\n"))
            }
            let sockets = try FleetSite.names.map { HeldSocket(try FleetSite.connect(try site.node($0))) }
            let (names, target) = (FleetSite.names, site.target)
            let outcome = await site.coordinator().run(
                site.tenant, migration: "m1", source: site.source, target: target
            ) { _ in
                for (name, held) in zip(names, sockets) {
                    try await BlockingExecutor.run {
                        try held.socket.send(FleetSite.request("POST", "/echo", body: "x"))
                    }
                    try await site.held(1, at: name)
                }
                return target
            }
            #expect(outcome == .released(Placement(region: target, epoch: 3, state: .serving), passedOver: []))
            for held in sockets {
                let answer = try await BlockingExecutor.run { try held.socket.receiveResponse() }
                #expect(answer.status == 200)
                #expect(answer.field("x-instance") == "us")
                #expect(answer.text.contains("X-Residency-Epoch: 3\r\n"))
            }
            #expect(site.eu.requests.allSatisfy { $0.contains("/echo/before") })
        }
    }

    @Test("is acknowledged by a node that starts while the tenant is held, before it serves, and by the feed alone")
    func newcomer() async throws {
        try await Self.withSite { site in
            await site.kill("eu-2")
            let hold = try await site.store.hold(
                site.tenant, for: "m1", at: site.source, above: 0, actor: "test")
            try await site.start("eu-2")
            let newcomer = try #require(try await site.store.nodes().first { $0.identity.id == "eu-2" }).identity
            // Nobody asks the other node: it hears of the hold from the feed.
            var missing = try await site.store.passBarrier(hold, acknowledged: [], passedOver: [])
            #expect(!missing.contains(newcomer))
            while !missing.isEmpty {
                missing = try await site.store.passBarrier(hold, acknowledged: [], passedOver: [])
            }
            _ = try await site.store.release(hold, to: site.target, actor: "test")
            #expect(try await site.call("eu-2", "/echo").field("x-instance") == "us")
        }
    }
}

/// A socket that one task after the other uses.
// Unchecked: guarded by the order of the test's steps, of which each waits for the one before.
final class HeldSocket: @unchecked Sendable {
    let socket: RawSocket

    init(_ socket: RawSocket) { self.socket = socket }
}
