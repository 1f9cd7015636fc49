import Logging
import TestSupport
import Testing

@testable import RegionRouter

@Suite("The router as a service")
struct RouterTests {
    @Test("lets a request under way come to its end when it is told to stop, and takes no other")
    func drains() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: RawSocket.self)
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            // Half of the body is with the app when the fixture ends and the router is told to stop.
            try socket.send("POST /echo HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 2\r\n\r\n1")
            let other = try fixture.connect()
            try other.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            #expect(try other.receiveResponse().status == 200)
            try socket.send("2")
            continuation.yield(socket)
            continuation.finish()
        }
        for await socket in stream {
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.text.hasSuffix("\r\n2"))
        }
    }

    @Test("ends when its task is cancelled, too")
    func cancelled() async throws {
        let directory = MemoryDirectory([])
        try await RouterFixture.run { fixture in
            let instance = InstanceAddress(host: "127.0.0.1", port: fixture.eu.port)
            let router = Router(
                configuration: RouterFixture.oneRegion(instance), lookup: directory, reports: directory, keys: NoKeys(),
                endpoints: NoEndpoints(), observer: RecordingObserver(), accessLog: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, wallClock: { WallClock.seconds() })
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
