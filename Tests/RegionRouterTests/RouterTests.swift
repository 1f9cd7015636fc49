import TestSupport
import Testing

@testable import RegionRouter

@Suite("The router as a service", .timeLimit(.minutes(1)))
struct RouterTests {
    @Test("lets a request under way come to its end when it is told to stop, and takes no other")
    func drains() async throws {
        try await RouterFixture.run(change: { $0.listen.eventLoops = 1 }) { fixture in
            let idle = try fixture.connect()
            try idle.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            #expect(try idle.receiveResponse().status == 200)
            let busy = try fixture.connect()
            try busy.send("POST /when-told HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 0\r\n\r\n")
            _ = await fixture.eu.received { $0.contains("/when-told") }
            await fixture.stop()
            // The idle one goes at once; then nobody listens any more.
            #expect(try idle.receiveAll() == "")
            while (try? fixture.connect()) != nil {}
            fixture.eu.answerLater()
            let response = try busy.receiveResponse()
            #expect(response.text == "later")
            #expect(response.field("connection") == "close")
            #expect(try busy.receiveAll() == "")
        }
    }

    @Test("ends when its task is cancelled, too")
    func cancelled() async throws {
        let directory = MemoryDirectory([])
        try await RouterFixture.run { fixture in
            let instance = UpstreamAddress(host: "127.0.0.1", port: fixture.eu.port)
            let router = Router(
                configuration: RouterFixture.oneRegion(instance), lookup: directory, reports: directory, keys: NoKeys(),
                endpoints: NoEndpoints(), observer: RecordingObserver(), accessLog: nil,
                wallClock: { WallClock.seconds() })
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await router.run() }
                let address = await router.boundAddress()
                #expect(address != nil)
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
    }
}
