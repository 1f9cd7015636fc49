import NIOCore
import NIOPosix
import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("A region with several app instances", .timeLimit(.minutes(1)))
struct SeveralInstancesTests {
    private static func both(_ configuration: inout RouterConfiguration) {
        configuration.listen.eventLoops = 1
        configuration.instances[PeerFixture.euRegion] = configuration.instances.values.flatMap { $0 }
    }

    @Test("gets each call at the one that has the fewest to answer")
    func spread() async throws {
        try await RouterFixture.run(change: Self.both) { fixture in
            let sockets = try (0..<4).map { _ in try fixture.connect() }
            for (number, socket) in sockets.enumerated() {
                try socket.send("GET /when-told?\(number) HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                while fixture.eu.requests.count + fixture.us.requests.count <= number { await Task.yield() }
            }
            #expect(fixture.eu.requests.count == 2 && fixture.us.requests.count == 2)
            fixture.eu.answerLater()
            fixture.us.answerLater()
            for socket in sockets { #expect(try socket.receiveResponse().text == "later") }
        }
    }

    @Test("loses no call while one of them takes no connection, and calls each by its own name where it is told to")
    func oneDown() async throws {
        let gone = try ReservedPort()
        try await RouterFixture.run(
            change: { configuration in
                configuration.hostHeader = .instance
                configuration.instances[PeerFixture.euRegion]?.insert(
                    UpstreamAddress(host: "127.0.0.1", port: gone.port), at: 0)
            }
        ) { fixture in
            for _ in 0..<10 {
                let socket = try fixture.connect()
                try socket.send("POST /echo?a=b HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 2\r\n\r\n{}")
                let response = try socket.receiveResponse()
                #expect(response.field("x-instance") == "eu")
                #expect(response.text.contains("\r\nHost: 127.0.0.1:\(fixture.eu.port)\r\n"))
                #expect(response.text.contains("POST /echo?a=b HTTP/1.1\r\n"))
            }
        }
    }

    @Test("answers 502 when none of them takes a connection")
    func allDown() async throws {
        let gone = [try ReservedPort(), try ReservedPort()]
        try await RouterFixture.run(
            change: { configuration in
                configuration.instances[PeerFixture.euRegion] = gone.map {
                    UpstreamAddress(host: "127.0.0.1", port: $0.port)
                }
            }
        ) { fixture in
            let socket = try fixture.connect()
            try socket.send("GET / HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            let response = try socket.receiveResponse()
            #expect(response.status == 502)
            #expect(response.field("x-residency-error") == "app-unreachable")
        }
    }

    @Test("is asked whether each is well: by a connection, or by a page that answers 2xx or 3xx")
    func probes() async throws {
        let scripts = [
            "bad": "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "odd": "hello, I am not HTTP",
        ]
        let gone = try ReservedPort()
        try await RouterFixture.run(scripts: scripts) { fixture in
            let group = MultiThreadedEventLoopGroup.singleton
            func ask(_ port: Int, _ path: String?) async -> Bool {
                let server = UpstreamServer(.app, UpstreamAddress(host: "127.0.0.1", port: port))
                // What is silent is waited for to the end; the others answer long before.
                let timeout = path == "/silent" ? Duration.milliseconds(100) : .seconds(30)
                return await HealthProbe.ask(server, context: nil, path: path, timeout: timeout, on: group)
            }
            #expect(await ask(fixture.eu.port, nil))
            #expect(await ask(fixture.eu.port, "/health"))
            #expect(!(await ask(fixture.eu.port, "/raw/bad")))
            #expect(!(await ask(fixture.eu.port, "/raw/odd")))
            #expect(!(await ask(fixture.eu.port, "/hangup")))
            #expect(!(await ask(fixture.eu.port, "/silent")))
            #expect(!(await ask(gone.port, nil)))
        }
    }

    @Test("is used at all addresses that a host name leads to")
    func names() async {
        let addresses = await NameLookup.addresses(of: "localhost", port: 80)
        #expect(addresses.contains { $0.ipAddress == "127.0.0.1" && $0.port == 80 })
        let server = UpstreamServer(.app, UpstreamAddress(host: "localhost", port: 80))
        #expect(!server.isAddress && server.socketAddresses.isEmpty)
        server.resolved(to: addresses)
        // A look-up that fails leaves what was found before.
        server.resolved(to: [])
        #expect(server.socketAddresses == addresses)
    }
}
