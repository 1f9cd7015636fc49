import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A request without a tenant")
struct ForwardingTests {
    @Test(
        "goes to the app instance of the region whose URL was called",
        arguments: [("eu", "eu"), ("us", "us"), ("app", "eu")])
    func byHostName(host: String, instance: String) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /echo HTTP/1.1\r\nHost: \(host).example.com\r\n\r\n")
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.text.hasPrefix(instance + "\n"))
        }
    }

    @Test("keeps its connection, and those to the app, for the next ones")
    func keepAlive() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            for _ in 0..<20 {
                try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                #expect(try socket.receiveResponse().status == 200)
            }
            #expect(fixture.eu.connections == 1)
        }
    }

    @Test("is answered in order when the client pipelines")
    func pipelining() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send((0..<50).map { "GET /echo?n=\($0) HTTP/1.1\r\nHost: eu.example.com\r\n\r\n" }.joined())
            for number in 0..<50 {
                #expect(try socket.receiveResponse().text.contains("/echo?n=\(number) HTTP/1.1"))
            }
        }
    }

    @Test(
        "reaches the app with its body, whatever its framing and however it is cut", arguments: [false, true],
        [1, 3, 10_000])
    func bodies(isChunked: Bool, piece: Int) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            let body = String(repeating: "0123456789", count: 500)
            let framed =
                isChunked
                ? "Transfer-Encoding: chunked\r\n\r\n1388\r\n\(body)\r\n0\r\nX-Trailer: dropped\r\n\r\n"
                : "Content-Length: 5000\r\n\r\n\(body)"
            let bytes = Array("POST /echo HTTP/1.1\r\nHost: us.example.com\r\n\(framed)".utf8)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                try socket.send(Array(bytes[start..<min(start + piece, bytes.count)]))
            }
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.text.hasSuffix("\r\n5000"))
            #expect(!response.text.contains("X-Trailer"))
        }
    }

    @Test("gets the app's chunks, and HTTP/1.0 gets them unframed")
    func chunkedResponses() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /stream/123456 HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            #expect(try socket.receiveResponse().body.count == 123_456)
            let old = try fixture.connect()
            try old.send("GET /stream/123456 HTTP/1.0\r\nHost: eu.example.com\r\n\r\n")
            let response = try old.receiveResponse()
            #expect(response.field("transfer-encoding") == nil)
            #expect(response.body.count == 123_456)
        }
    }

    @Test("carries what the gateway says, and nothing that only the gateway may say")
    func fields() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(
                """
                GET /echo?a=b%20c HTTP/1.1\r
                Host: eu.example.com\r
                X-Residency-Tenant: forged\r
                x-residency-route: forged\r
                X-Forwarded-For: 6.6.6.6\r
                Forwarded: for=6.6.6.6\r
                Connection: keep-alive, X-Secret-Hop\r
                X-Secret-Hop: 1\r
                X-Own: kept  as it is\r
                traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r
                \r

                """)
            let seen = try socket.receiveResponse().text
            #expect(!seen.contains("forged") && !seen.contains("6.6.6.6") && !seen.contains("X-Secret-Hop"))
            #expect(seen.contains("GET /echo?a=b%20c HTTP/1.1\r\nHost: eu.example.com\r\n"))
            #expect(seen.contains("X-Own: kept  as it is\r\n"))
            #expect(seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
            #expect(seen.contains("X-Residency-Region: EU\r\n"))
            #expect(seen.contains("X-Residency-Identified-By: host\r\n"))
            #expect(seen.contains("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"))
            #expect(seen.contains("X-Request-Id: "))
        }
    }

    @Test("tunnels a WebSocket once the app has agreed")
    func webSocket() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(
                "GET /websocket HTTP/1.1\r\nHost: eu.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst"
            )
            #expect(try socket.receiveResponse(hasBody: false).status == 101)
            #expect(try socket.receive(until: "first") == "first")
            try socket.send("second")
            #expect(try socket.receive(until: "second") == "second")
        }
    }

    @Test("is told to send its body once there is an app connection to take it")
    func expectContinue() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(
                "POST /echo HTTP/1.1\r\nHost: eu.example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            #expect(try socket.receiveResponse().status == 100)
            try socket.send("body")
            #expect(try socket.receiveResponse().text.hasSuffix("\r\n4"))
        }
    }
}
