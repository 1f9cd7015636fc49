import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A tenant that is held under load", .timeLimit(.minutes(2)))
struct HoldLoadTests {
    private static let clients = 6

    /// Asks one question after the other on one connection, until told to stop.
    /// - Returns: how many were answered.
    private static func client(
        of tenant: String, number: Int, _ fixture: RouterFixture, while goesOn: @Sendable (Int) -> Bool
    ) throws -> Int {
        let socket = try fixture.connect()
        var count = 0
        while goesOn(count) {
            // Two at once: the answers must come in this order.
            for _ in 0..<2 {
                let path = "/echo/\(tenant)/\(number)/\(count)"
                let claims = TokenMaker.hostClaims(tenant: tenant, path: path, at: WallClock.seconds())
                let token = TokenMaker.hs256(claims, secret: "secret of \(tenant)")
                try socket.send("GET \(path) HTTP/1.1\r\nHost: eu.example.com\r\nAuthorization: JWT \(token)\r\n\r\n")
                count += 1
            }
            for index in (count - 2)..<count {
                let response = try socket.receiveResponse()
                #expect(response.status == 200)
                #expect(response.text.contains("/echo/\(tenant)/\(number)/\(index) HTTP/1.1\r\n"))
            }
        }
        return count
    }

    @Test("loses none of its requests and keeps the order of each connection, while others are served")
    func load() async throws {
        let tenants = [RouterFixture.tenant("one", in: "EU", id: 1), RouterFixture.tenant("two", in: "EU", id: 2)]
        try await RouterFixture.run(tenants: tenants, change: { $0.limits.holdBudget = .seconds(60) }) { fixture in
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<Self.clients {
                    group.addTask(executorPreference: BlockingExecutor.shared) {
                        try Self.client(of: "one", number: number, fixture) { count in count < 20 || !isOver.isSet }
                    }
                }
                var held = tenants[0]
                for cycle in 0..<3 {
                    // A move, a move that is given up, a move back.
                    held.placement.state = .held
                    held.placement.epoch += 1
                    held.sequence += 1
                    await fixture.gates.take(held)
                    await fixture.observer.heard(Self.clients * (cycle + 1)) {
                        if case .requestHeld = $0 { true } else { false }
                    }
                    #expect(try Self.client(of: "two", number: cycle, fixture) { $0 < 40 } == 40)
                    held.placement = Placement(
                        region: Region(cycle == 0 ? "US" : "EU") ?? .global, epoch: held.placement.epoch + 1,
                        state: .serving)
                    held.sequence += 1
                    await fixture.gates.take(held)
                }
                isOver.set()
                for try await count in group { #expect(count >= 20) }
            }
            #expect(!fixture.observer.events.contains { if case .refused = $0 { true } else { false } })
        }
    }
}
