import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A tenant that is held", .timeLimit(.minutes(2)))
struct HoldTests {
    private static func put(
        _ fixture: RouterFixture, _ region: String, epoch: Int64, _ state: Placement.State, sequence: Int64
    ) async {
        var tenant = RouterFixture.tenant("one", in: region, epoch: epoch)
        tenant.placement.state = state
        tenant.sequence = sequence
        fixture.directory.put(tenant, tell: false)
        await fixture.gates.take(tenant)
    }

    private static func request(
        _ method: String, _ path: String, fields: String = "", body: String? = nil
    ) -> String {
        let token = TokenMaker.hs256(
            TokenMaker.hostClaims(tenant: "one", method: method, path: path, at: WallClock.seconds()),
            secret: "secret of one")
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let head = "\(method) \(path) HTTP/1.1\r\nHost: eu.example.com\r\nAuthorization: JWT \(token)\r\n"
        return head + fields + length + "\r\n" + (body ?? "")
    }

    private static func waiting(_ fixture: RouterFixture, _ count: Int) async {
        await fixture.observer.heard(count) { if case .requestHeld = $0 { true } else { false } }
    }

    @Test("has its requests wait before a byte of them goes upstream, and sent where it lives then, in order")
    func waits() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let client = try fixture.connect()
            try client.send(Self.request("POST", "/echo/1", body: "first") + Self.request("GET", "/echo/2"))
            let other = try fixture.connect()
            try other.send(Self.request("GET", "/echo/3"))
            await Self.waiting(fixture, 2)
            #expect(fixture.eu.requests.isEmpty)
            #expect(fixture.us.requests.isEmpty)
            await Self.put(fixture, "US", epoch: 3, .serving, sequence: 3)
            let (first, second) = (try client.receiveResponse(), try client.receiveResponse())
            #expect(first.text.hasPrefix("us\nPOST /echo/1"))
            #expect(first.text.contains("X-Residency-Epoch: 3\r\n"))
            #expect(second.text.hasPrefix("us\nGET /echo/2"))
            #expect(try other.receiveResponse().field("x-instance") == "us")
            #expect(fixture.eu.requests.isEmpty)
        }
    }

    @Test("goes on at the source where the cutover was given up")
    func givenUp() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/echo"))
            await Self.waiting(fixture, 1)
            await Self.put(fixture, "EU", epoch: 3, .serving, sequence: 3)
            #expect(try client.receiveResponse().field("x-instance") == "eu")
        }
    }

    @Test("is not let go on by a record of before the hold")
    func oldRecord() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 5)
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/echo"))
            await Self.waiting(fixture, 1)
            // The feed brings what was before, with a higher number than an older program gave the hold.
            await Self.put(fixture, "EU", epoch: 1, .serving, sequence: 9)
            #expect(fixture.eu.requests.isEmpty)
            await Self.put(fixture, "EU", epoch: 3, .serving, sequence: 6)
            #expect(try client.receiveResponse().status == 200)
        }
    }

    @Test("answers 503 to a request that has waited for too long, and the connection goes on")
    func tooLong() async throws {
        try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")], change: { $0.limits.holdBudget = .milliseconds(300) }
        ) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let client = try fixture.connect()
            try client.send(Self.request("POST", "/echo", body: "abc"))
            let response = try client.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "tenant-held")
            #expect(response.field("retry-after") == "1")
            await Self.put(fixture, "EU", epoch: 3, .serving, sequence: 3)
            try client.send(Self.request("GET", "/echo"))
            #expect(try client.receiveResponse().status == 200)
        }
    }

    @Test("answers 503 at once past the bound on waiting requests, or on their bytes", arguments: [true, false])
    func bounds(_ byNumber: Bool) async throws {
        try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")],
            change: {
                $0.listen.eventLoops = 1
                if byNumber { $0.limits.heldRequests = 1 } else { $0.limits.heldBytes = 4_000 }
            }
        ) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let first = try fixture.connect()
            try first.send(Self.request("GET", "/echo"))
            await Self.waiting(fixture, 1)
            let second = try fixture.connect()
            let fill = String(repeating: "x", count: 4_000)
            try second.send(Self.request("GET", "/echo", fields: "X-Fill: \(fill)\r\n"))
            let response = try second.receiveResponse()
            #expect(response.status == 503)
            #expect(response.field("x-residency-error") == "hold-full")
            #expect(response.field("retry-after") == "1")
            await Self.put(fixture, "EU", epoch: 3, .serving, sequence: 3)
            #expect(try first.receiveResponse().status == 200)
        }
    }

    @Test("has a large body wait at the client, and takes it whole afterwards")
    func body() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let client = try fixture.connect()
            let head = Self.request("POST", "/echo", fields: "Content-Length: 300000\r\n")
            try client.send(head + String(repeating: "x", count: 50_000))
            await Self.waiting(fixture, 1)
            await Self.put(fixture, "US", epoch: 3, .serving, sequence: 3)
            try client.send(String(repeating: "x", count: 250_000))
            #expect(try client.receiveResponse().text.hasSuffix("300000"))
        }
    }

    @Test("forgets a request whose client leaves while it waits")
    func clientLeaves() async throws {
        try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")], change: { $0.listen.eventLoops = 1 }
        ) { fixture in
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            let leaving = try fixture.connect()
            try leaving.send(Self.request("POST", "/gone", body: "x"))
            await Self.waiting(fixture, 1)
            leaving.reset()
            await fixture.observer.heard { if case .requestEnded(_, _, 499, _) = $0 { true } else { false } }
            await Self.put(fixture, "EU", epoch: 3, .serving, sequence: 3)
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/echo"))
            #expect(try client.receiveResponse().status == 200)
            #expect(!fixture.eu.requests.contains { $0.contains("/gone") })
        }
    }

    @Test("has its event streams ended at the gate; the connection's next request waits")
    func eventStream() async throws {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")], scripts: ["events": head + "9\r\ndata: a\n\n\r\n"]
        ) { fixture in
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/raw/events"))
            _ = try client.receive(until: "data: a\n\n\r\n")
            #expect(await fixture.gates.traffic(of: TenantID(high: 7, low: 1)).streams == 1)
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            #expect(try client.receive(until: "0\r\n\r\n") == "0\r\n\r\n")
            #expect(await fixture.gates.traffic(of: TenantID(high: 7, low: 1)) == TenantTraffic())
            try client.send(Self.request("GET", "/echo"))
            await Self.waiting(fixture, 1)
            await Self.put(fixture, "US", epoch: 3, .serving, sequence: 3)
            #expect(try client.receiveResponse().field("x-instance") == "us")
        }
    }

    @Test("has its tunnels closed with 1012 where the frame ends that the app is sending")
    func tunnel() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/websocket", fields: "Connection: Upgrade\r\nUpgrade: websocket\r\n"))
            _ = try client.receive(until: "\r\n\r\n")
            // The instance sends back what it gets: half a frame.
            try client.send([0x82, 0x06, 1, 2, 3])
            #expect(try client.receive(count: 5) == [0x82, 0x06, 1, 2, 3])
            await Self.put(fixture, "EU", epoch: 2, .held, sequence: 2)
            try client.send([4, 5, 6, 0x82, 0x01, 9])
            #expect(Array(try client.receive(count: 7)) == [4, 5, 6, 0x88, 0x02, 0x03, 0xF4])
            #expect(try client.receiveAll() == "")
            #expect(await fixture.gates.traffic(of: TenantID(high: 7, low: 1)).streams == 0)
        }
    }

    @Test("has a read counted as a write where the configuration says so of its path", arguments: [true, false])
    func declaredToWrite(_ writes: Bool) async throws {
        try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")],
            change: { $0.identify.routes = [TenantRoute(path: "/when-told/*", source: .none, writes: writes)] }
        ) { fixture in
            let client = try fixture.connect()
            try client.send(Self.request("GET", "/when-told/visit"))
            _ = await fixture.eu.received { $0.contains("/when-told") }
            let traffic = await fixture.gates.traffic(of: TenantID(high: 7, low: 1))
            #expect(traffic.unsafe == (writes ? 1 : 0))
            #expect(traffic.safe == (writes ? 0 : 1))
            fixture.eu.answerLater()
            #expect(try client.receiveResponse().status == 200)
        }
    }

    @Test("has what is cut at the router's end remembered, for the app may go on with it", arguments: [true, false])
    func cutAtTheEnd(_ isUnderWay: Bool) async throws {
        let gates = try await RouterFixture.run(
            tenants: [RouterFixture.tenant("one", in: "EU")], change: { $0.limits.drainTimeout = .milliseconds(50) }
        ) { fixture in
            let client = try fixture.connect()
            try client.send(Self.request("POST", isUnderWay ? "/silent" : "/echo", body: "x"))
            if isUnderWay {
                _ = await fixture.eu.received { $0.contains("/silent") }
            } else {
                #expect(try client.receiveResponse().status == 200)
            }
            return fixture.gates
        }
        #expect((gates as? EveryLoop)?.leavesWork == isUnderWay)
    }

    @Test("counts what the app may still be working on: a request under way, and one whose client has left")
    func traffic() async throws {
        try await RouterFixture.run(tenants: [RouterFixture.tenant("one", in: "EU")]) { fixture in
            let id = TenantID(high: 7, low: 1)
            let client = try fixture.connect()
            try client.send(Self.request("POST", "/when-told", body: "abc"))
            _ = await fixture.eu.received { $0.contains("/when-told") }
            let underWay = await fixture.gates.traffic(of: id)
            #expect(underWay.unsafe == 1)
            #expect(underWay.oldest.map(\.name) == ["POST /when-told"])
            client.reset()
            await fixture.observer.heard { if case .requestEnded(_, _, 499, _) = $0 { true } else { false } }
            #expect(await fixture.gates.traffic(of: id).oldest.map(\.name) == ["POST /when-told"])
            fixture.eu.answerLater()
            // The late answer is read and dropped; how soon, nobody is told.
            let other = try fixture.connect()
            for _ in 0..<10_000 where await !fixture.gates.traffic(of: id).isEmpty {
                try other.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                #expect(try other.receiveResponse().status == 200)
            }
            #expect(await fixture.gates.traffic(of: id).isEmpty)
            // A read that is cut is cancelled upstream, and counts as long as the app may take for it.
            let reader = try fixture.connect()
            try reader.send(Self.request("GET", "/silent"))
            _ = await fixture.eu.received { $0.contains("/silent") }
            reader.reset()
            await fixture.observer.heard(2) { if case .requestEnded(_, _, 499, _) = $0 { true } else { false } }
            let cut = await fixture.gates.traffic(of: id)
            #expect(cut.safe == 1)
            #expect(cut.unsafe == 0)
        }
    }
}
