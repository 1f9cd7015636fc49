import Foundation
import RegionRouter
import TestSupport
import Testing

/// Clients that stop, hurry, leave or lie about what they are going to send.
@Suite("A client that misbehaves", .serialized)
struct RudeClientTests {
    private static let host = "Host: eu.example.com\r\n"

    @Test(
        "and never finishes its head is answered 408, however it dawdles",
        arguments: ["G", "GET /x HTTP/1.1\r\n", "GET /x HTTP/1.1\r\nHost: eu.example.com\r\nA", "GET /x HTTP/1.1\r"])
    func slowHead(start: String) async throws {
        try await RouterFixture.run(change: { $0.limits.headTimeout = .milliseconds(300) }) { fixture in
            let socket = try fixture.connect()
            try socket.send(start)
            let all = try socket.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 408 "))
            #expect(all.contains("\"code\":\"request-timeout\""))
        }
    }

    @Test("gets its 408 with a body, also after a HEAD")
    func slowAfterHead() async throws {
        try await RouterFixture.run(change: { $0.limits.headTimeout = .milliseconds(300) }) { fixture in
            let socket = try fixture.connect()
            try socket.send("HEAD /x HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try socket.receiveResponse(hasBody: false).status == 200)
            try socket.send("GET /")
            let response = try socket.receiveResponse()
            #expect(response.status == 408)
            #expect(response.text.contains("request-timeout"))
        }
    }

    @Test("and says nothing at all is closed without a word")
    func silent() async throws {
        try await RouterFixture.run(change: { $0.limits.headTimeout = .milliseconds(300) }) { fixture in
            let socket = try fixture.connect()
            #expect(try socket.receiveAll().isEmpty)
        }
    }

    @Test("and stops in the middle of a body is answered 408", arguments: [true, false])
    func slowBody(isChunked: Bool) async throws {
        try await RouterFixture.run(change: { $0.limits.bodyTimeout = .milliseconds(300) }) { fixture in
            let socket = try fixture.connect()
            let body = isChunked ? "Transfer-Encoding: chunked\r\n\r\n5\r\nab" : "Content-Length: 5\r\n\r\nab"
            try socket.send("POST /echo HTTP/1.1\r\n\(Self.host)\(body)")
            #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 408 "))
            #expect(!fixture.eu.requests.contains { $0.contains("/echo") })
        }
    }

    @Test("and pipelines garbage has its good requests answered, the garbage refused, and no more")
    func pipelinedGarbage() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let good = "GET /echo?n=1 HTTP/1.1\r\n\(Self.host)\r\n"
            try socket.send(good + good + "\u{01}\u{02}garbage\r\n\r\n" + "GET /hidden HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try socket.receiveResponse().status == 200)
            #expect(try socket.receiveResponse().status == 200)
            let rest = try socket.receiveAll()
            #expect(rest.hasPrefix("HTTP/1.1 400 "))
            #expect(!fixture.eu.requests.contains { $0.contains("hidden") })
        }
    }

    @Test(
        "and says that it is its last request has no other one answered",
        arguments: ["HTTP/1.1\r\nConnection: close", "HTTP/1.0", "HTTP/1.1\r\nConnection: keep-alive, close"])
    func lastRequest(versionAndField: String) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /echo \(versionAndField)\r\n\(Self.host)\r\n")
            try socket.send("GET /hidden HTTP/1.1\r\n\(Self.host)\r\n")
            let all = try socket.receiveAll()
            #expect(all.components(separatedBy: "X-Instance: ").count == 2)
            #expect(!fixture.eu.requests.contains { $0.contains("/hidden") })
        }
    }

    @Test("and hides a request in a body that the app answered early is not heard", arguments: [true, false])
    func hiddenInBody(isChunked: Bool) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let hidden = "GET /hidden HTTP/1.1\r\n\(Self.host)\r\n"
            let size = hidden.utf8.count
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
            let body = isChunked ? "\(String(size, radix: 16))\r\n\(hidden)\r\n0\r\n\r\n" : hidden
            try socket.send("POST /early HTTP/1.1\r\n\(Self.host)\(framing)\r\n\r\n")
            #expect(try socket.receiveResponse().text == "early")
            try socket.send(body)
            try socket.send("GET /echo?after HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try socket.receiveResponse().text.contains("/echo?after"))
            let seen = fixture.eu.requests
            #expect(!seen.contains { $0.hasPrefix("GET /hidden") })
        }
    }

    @Test("and sends on after asking for a WebSocket that the app did not grant is read as HTTP again")
    func refusedTunnel() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            try socket.send("GET /echo HTTP/1.1\r\n\(Self.host)\(upgrade)\r\n\u{01}frame\r\n\r\n")
            #expect(try socket.receiveResponse().text.contains("Upgrade: websocket"))
            #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(
        "and asks for a tunnel in any half-hearted way gets none",
        arguments: [
            "GET /websocket HTTP/1.1\r\n\(host)Upgrade: websocket\r\n\r\n",
            "GET /websocket HTTP/1.1\r\n\(host)Connection: Upgrade\r\n\r\n",
            "GET /websocket HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            "POST /websocket HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
            "GET /websocket HTTP/1.0\r\n\(host)Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ])
    func halfHeartedTunnel(request: String) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(request)
            #expect(try socket.receiveResponse().status == 502)
        }
    }

    @Test("and resets its connection in the middle of an answer disturbs nobody else", arguments: ["GET", "POST"])
    func reset(method: String) async throws {
        try await RouterFixture.run { fixture in
            for _ in 0..<10 {
                let socket = try fixture.connect()
                try socket.send("\(method) /stream/3000000 HTTP/1.1\r\n\(Self.host)Content-Length: 0\r\n\r\n")
                _ = try socket.receive(count: 1_000)
                socket.reset()
            }
            let socket = try fixture.connect()
            try socket.send("GET /echo HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try socket.receiveResponse().text.contains("GET /echo"))
        }
    }

    @Test("and comes when there are enough of them is shown the door")
    func tooMany() async throws {
        try await RouterFixture.run(change: { $0.limits.connections = 2 }) { fixture in
            let first = try fixture.connect()
            let second = try fixture.connect()
            for socket in [first, second] {
                try socket.send("GET /echo HTTP/1.1\r\n\(Self.host)\r\n")
                #expect(try socket.receiveResponse().status == 200)
            }
            let third = try fixture.connect()
            #expect(try third.receiveAll().isEmpty)
            try first.send("GET /echo HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try first.receiveResponse().status == 200)
        }
    }

    @Test("and pipelines without reading is read no further than the bound, and served when it reads")
    func pipelinesWithoutReading() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let count = 40
            try socket.send(
                String(repeating: "GET /stream/500000 HTTP/1.1\r\n\(Self.host)\r\n", count: count))
            for _ in 0..<count {
                let response = try socket.receiveResponse()
                #expect(response.body.count == 500_000)
            }
        }
    }

    @Test(
        "and calls a host name that is nobody's is told so",
        arguments: [
            "evil.example.com", "eu.example.com.evil.com", "eu.example.com.", "eu.example.com:", "eu.example.com:abc",
            "eu.example.com, us.example.com", "eu.example.com@evil.com", "eu.example.com/evil", "[::1]", "",
            "eu.example.com:80:80",
        ])
    func unknownHost(host: String) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /echo HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            let response = try socket.receiveResponse()
            #expect(response.status == 421 || response.status == 400)
            #expect(fixture.eu.requests.isEmpty && fixture.us.requests.isEmpty)
        }
    }

    @Test("and does not wait for the 100 it asked for keeps its connection, also where the app answers early")
    func impatient() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let expect = "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n"
            try socket.send("POST /early HTTP/1.1\r\n\(Self.host)\(expect)01234")
            let early = try socket.receiveResponse()
            #expect(early.text == "early")
            #expect(early.field("connection") == nil)
            try socket.send("56789GET /echo?after HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(try socket.receiveResponse().text.contains("/echo?after"))
        }
    }
}
