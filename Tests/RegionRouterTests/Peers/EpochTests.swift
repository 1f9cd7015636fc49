import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("Two nodes that differ about where a tenant lives", .timeLimit(.minutes(2)))
struct EpochTests {
    private static let eu = PeerFixture.euRegion
    private static let us = PeerFixture.usRegion

    private static func site(in region: Region, epoch: Int64) -> Tenant {
        var tenant = RouterFixture.tenant("site", in: region.code, id: 1, epoch: epoch)
        tenant.sequence = epoch
        return tenant
    }

    private static func call(_ node: PeerFixture.Node) throws -> RawResponse {
        let socket = try RawSocket(port: node.port)
        try socket.send(ForwardingToPeersTests.panel("site", path: "/echo"))
        return try socket.receiveResponse()
    }

    @Test("go by the sender's epoch when it is higher, and keep it while the directory is away")
    func senderAhead() async throws {
        try await PeerFixture.run(tenants: []) { fixture in
            fixture.eu.directory.put(Self.site(in: Self.us, epoch: 2))
            fixture.us.directory.put(Self.site(in: Self.eu, epoch: 1))
            // The node of US has the old record in its memory: it passes the call on.
            #expect(try Self.call(fixture.us).field("x-instance") == "us")
            fixture.us.directory.setAway(true)
            let response = try Self.call(fixture.eu)
            #expect(response.field("x-instance") == "us")
            #expect(response.text.contains("X-Residency-Epoch: 2\r\n"))
            #expect(try Self.call(fixture.us).field("x-instance") == "us")
        }
    }

    @Test("go by the receiver's epoch when that is higher, and the sender hears of it")
    func receiverAhead() async throws {
        try await PeerFixture.run(tenants: [], change: { $1.listen.eventLoops = 1 }) { fixture in
            fixture.eu.directory.put(Self.site(in: Self.us, epoch: 2))
            fixture.us.directory.put(Self.site(in: Self.eu, epoch: 3))
            let response = try Self.call(fixture.eu)
            #expect(response.field("x-instance") == "eu")
            #expect(response.text.contains("X-Residency-Epoch: 3\r\n"))
            // From now on it is answered without the other node.
            await fixture.us.observer.heard { if case .requestEnded = $0 { true } else { false } }
            let before = fixture.us.observer.requests
            #expect(try Self.call(fixture.eu).field("x-instance") == "eu")
            #expect(fixture.us.observer.requests == before)
        }
    }

    @Test("at the same epoch pass the call on twice, wait for a newer record, and answer 508 when none comes")
    func loop() async throws {
        try await PeerFixture.run(tenants: [], change: { $1.limits.newsTimeout = .milliseconds(50) }) { fixture in
            fixture.eu.directory.put(Self.site(in: Self.us, epoch: 5))
            fixture.us.directory.put(Self.site(in: Self.eu, epoch: 5))
            let response = try Self.call(fixture.eu)
            #expect(response.status == 508)
            #expect(response.field("x-residency-error") == "peer-loop")
            #expect(fixture.eu.app.requests.isEmpty && fixture.us.app.requests.isEmpty)
        }
    }

    @Test("at the same epoch answer the call that has waited as soon as a newer record comes")
    func news() async throws {
        try await PeerFixture.run(tenants: [], change: { $1.limits.newsTimeout = .seconds(60) }) { fixture in
            fixture.eu.directory.put(Self.site(in: Self.us, epoch: 5))
            fixture.us.directory.put(Self.site(in: Self.eu, epoch: 5))
            let socket = try RawSocket(port: fixture.eu.port)
            try socket.send(ForwardingToPeersTests.panel("site", path: "/echo"))
            fixture.eu.directory.put(Self.site(in: Self.eu, epoch: 6))
            let response = try socket.receiveResponse()
            #expect(response.field("x-instance") == "eu")
            #expect(response.text.contains("X-Residency-Epoch: 6\r\n"))
        }
    }

    @Test("lose no call while placements change, and send none to an instance of another region than its epoch's")
    func changes() async throws {
        let names = (1...4).map { "site-\($0)" }
        @Sendable func record(_ name: String, _ region: Region, _ epoch: Int64) -> Tenant {
            var tenant = RouterFixture.tenant(
                name, in: region.code, id: UInt64(name.dropFirst(5)) ?? 0, epoch: epoch)
            tenant.sequence = epoch
            return tenant
        }
        try await PeerFixture.run(tenants: names.map { record($0, Self.eu, 1) }) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (index, name) in names.enumerated() {
                    tasks.addTask {
                        var random = SeededRandom(index + 11)
                        var regions = [1: Self.eu]
                        for _ in 0..<60 {
                            if Bool.random(using: &random) {
                                // One of the two hears of it, the other when a call tells it.
                                let epoch = regions.count + 1
                                regions[epoch] = Bool.random(using: &random) ? Self.eu : Self.us
                                let node = Bool.random(using: &random) ? fixture.eu : fixture.us
                                node.directory.put(record(name, regions[epoch] ?? .global, Int64(epoch)))
                            }
                            let node = Bool.random(using: &random) ? fixture.eu : fixture.us
                            let socket = try RawSocket(port: node.port, timeout: 60)
                            try socket.send(ForwardingToPeersTests.panel(name, path: "/echo"))
                            let response = try socket.receiveResponse()
                            #expect(response.status == 200, "\(response.text)")
                            let epoch = Self.epoch(in: response.text)
                            let region = epoch.flatMap { regions[$0] }
                            #expect(response.field("x-instance") == region?.code.lowercased(), "epoch \(epoch ?? 0)")
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
    }

    private static func epoch(in head: String) -> Int? {
        head.split(separator: "\r\n").first { $0.hasPrefix("X-Residency-Epoch: ") }.flatMap { Int($0.dropFirst(19)) }
    }
}

extension RecordingObserver {
    /// Requests that have ended.
    fileprivate var requests: Int { events.count { if case .requestEnded = $0 { true } else { false } } }
}
