import RegionRouter
import TestSupport
import Testing

@Suite("An exchange that goes wrong", .timeLimit(.minutes(1)))
struct BrokenExchangeTests {
    private static func request(
        _ path: String, method: String = "GET", host: String = "eu.example.com", more: String = ""
    ) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(more)\r\n"
    }

    @Test(
        "is 502 when the app instance breaks HTTP's rules, and that connection is not used again",
        arguments: [
            "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 abc OK\r\n\r\n",
            "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
            "HANGUP",
        ])
    func badResponse(script: String) async throws {
        try await RouterFixture.run(scripts: ["bad": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/bad", method: "POST", more: "Content-Length: 0\r\n"))
            let response = try socket.receiveResponse()
            #expect(response.status == 502)
            #expect(response.field("x-residency-error") != nil)
            // The client's connection goes on, on another connection to the app.
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
            #expect(fixture.eu.connections == 2)
        }
    }

    @Test(
        "closes the client's connection when the app breaks off in the middle, so that a cut body is never taken for a whole one",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshortHANGUP",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nHANGUP",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nnot a size\r\n",
        ])
    func cutBody(script: String) async throws {
        try await RouterFixture.run(scripts: ["cut": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/cut"))
            let all = try socket.receiveAll()
            #expect(!all.contains("\r\n0\r\n\r\n"))

        }
    }

    @Test("passes a body that ends with the app's connection on in chunks")
    func closeDelimited() async throws {
        try await RouterFixture.run(scripts: ["close": "HTTP/1.1 200 OK\r\n\r\nall of itHANGUP"]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/close"))
            let response = try socket.receiveResponse()
            #expect(response.text == "all of it")
            #expect(response.field("transfer-encoding") == "chunked")
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("has no body where there is none, whatever the app says", arguments: ["204 No Content", "304 Not Modified"])
    func bodiless(status: String) async throws {
        let script = "HTTP/1.1 \(status)\r\nContent-Length: 5\r\n\r\n"
        try await RouterFixture.run(scripts: ["none": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/none") + Self.request("/echo"))
            #expect(try socket.receiveResponse(hasBody: false).status == Int(status.prefix(3)))
            #expect(try socket.receiveResponse().text.hasPrefix("eu\n"))
        }
    }

    @Test("of a HEAD has no body")
    func headRequest() async throws {
        try await RouterFixture.run(scripts: ["head": "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/head", method: "HEAD") + Self.request("/echo"))
            let head = try socket.receiveResponse(hasBody: false)
            #expect(head.field("content-length") == "500")
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("passes interim responses on, but for 100, which the gateway says itself")
    func interim() async throws {
        let script =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        try await RouterFixture.run(scripts: ["hints": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/raw/hints"))
            #expect(try socket.receiveResponse(hasBody: false).status == 103)
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("is 502 when nobody listens, 504 when nobody answers, and the next request is served")
    func unreachableAndSilent() async throws {
        try await RouterFixture.run(change: { configuration in
            configuration.limits.responseTimeout = .milliseconds(300)
        }) { fixture in
            await fixture.us.stop()
            let socket = try fixture.connect()
            try socket.send(Self.request("/echo", host: "us.example.com"))
            #expect(try socket.receiveResponse().status == 502)
            try socket.send(Self.request("/silent"))
            let response = try socket.receiveResponse()
            #expect(response.status == 504)
            #expect(response.field("x-residency-error") == "app-timeout")
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("is sent again on a new connection when the app closed the idle one, but never a POST")
    func retry() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
            // On the connection that was kept the app hangs up without an answer; once more on a new one.
            try socket.send(Self.request("/hangup"))
            #expect(try socket.receiveResponse().status == 502)
            #expect(fixture.eu.requests.filter { $0.contains("/hangup") }.count == 2)
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
            try socket.send(Self.request("/hangup?post", method: "POST", more: "Content-Length: 0\r\n"))
            #expect(try socket.receiveResponse().status == 502)
            #expect(fixture.eu.requests.filter { $0.contains("/hangup?post") }.count == 1)
        }
    }

    @Test(
        "is not sent again once anything of an answer has come",
        arguments: ["HTTP/1.1 103 Early Hints\r\n\r\nHANGUP", "HTTP/1.1 200 OHANGUP"])
    func noRetryAfterBytes(script: String) async throws {
        try await RouterFixture.run(scripts: ["part": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().status == 200)
            try socket.send(Self.request("/raw/part"))
            var response = try socket.receiveResponse(hasBody: false)
            if response.status == 103 { response = try socket.receiveResponse(hasBody: false) }
            #expect(response.status == 502)
            #expect(fixture.eu.requests.filter { $0.contains("/raw/part") }.count == 1)
        }
    }

    @Test("whose app answers before it has read the body leaves the client's connection in step")
    func earlyAnswer() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/early", method: "POST", more: "Content-Length: 100000\r\n"))
            let response = try socket.receiveResponse()
            #expect(response.text == "early")
            try socket.send(String(repeating: "x", count: 100_000))
            try socket.send(Self.request("/echo"))
            #expect(try socket.receiveResponse().text.hasPrefix("eu\n"))
        }
    }

    @Test("of a safe method closes the app's connection when the client leaves")
    func clientLeavesSafe() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/silent"))
            _ = await fixture.eu.received { $0.contains("/silent") }
            socket.reset()
            await fixture.eu.closed { $0.contains("/silent") }
        }
    }

    @Test("of an unsafe method is read to its end when the client leaves, and its connection is used again")
    func clientLeavesUnsafe() async throws {
        try await RouterFixture.run(change: { $0.listen.eventLoops = 1 }) { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/when-told", method: "POST", more: "Content-Length: 0\r\n"))
            _ = await fixture.eu.received { $0.contains("/when-told") }
            socket.reset()
            await fixture.observer.heard { if case .requestEnded(_, _, 499, _) = $0 { true } else { false } }
            fixture.eu.answerLater()
            let next = try fixture.connect()
            for _ in 0..<20 {
                try next.send(Self.request("/echo"))
                #expect(try next.receiveResponse().status == 200)
            }
            #expect(!fixture.eu.closedAfter.contains { $0.contains("/when-told") })
        }
    }

    @Test(
        "whose client does not read stops the reading of the app, so that nothing piles up in between",
        arguments: [false, true])
    func slowReader(isTunnel: Bool) async throws {
        let count = 64 * 1_024 * 1_024
        try await RouterFixture.run(change: { $0.limits.writeTimeout = .seconds(1) }) { fixture in
            let socket = try fixture.connect()
            let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            try socket.send(
                isTunnel ? Self.request("/websocket-flood/\(count)", more: upgrade) : Self.request("/flood/\(count)"))
            // The client takes nothing, and is cut off for it: by then the app must not have got rid of all it had.
            #expect(await fixture.eu.flooded() == false)
        }
    }

    @Test("with a body past the limit is 413, announced or not", arguments: [true, false])
    func bodyLimit(isAnnounced: Bool) async throws {
        try await RouterFixture.run(change: { $0.limits.bodyBytes = 1_000 }) { fixture in
            let socket = try fixture.connect()
            let body =
                isAnnounced
                ? "Content-Length: 1001\r\n\r\n"
                : "Transfer-Encoding: chunked\r\n\r\n400\r\n\(String(repeating: "x", count: 1_024))\r\n0\r\n\r\n"
            try socket.send("POST /echo HTTP/1.1\r\nHost: eu.example.com\r\n" + body)
            #expect(try socket.receiveResponse().status == 413)
        }
    }

    @Test("with a head or body that does not come is 408")
    func slow() async throws {
        try await RouterFixture.run(change: { configuration in
            configuration.limits.headTimeout = .milliseconds(300)
            configuration.limits.bodyTimeout = .milliseconds(300)
        }) { fixture in
            let head = try fixture.connect()
            try head.send("GET / HTTP/1.1\r\nHost: eu.")
            #expect(try head.receiveResponse().status == 408)
            let body = try fixture.connect()
            try body.send(Self.request("/echo", method: "POST", more: "Content-Length: 10\r\n") + "12345")
            #expect(try body.receiveResponse().status == 408)
            let idle = try fixture.connect()
            #expect(try idle.receiveAll() == "")
        }
    }

    @Test("to a host name that is nobody's is 421, but the health path has every name")
    func unknownHost() async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send(Self.request("/echo", host: "evil.example.com"))
            let response = try socket.receiveResponse()
            #expect(response.status == 421)
            #expect(response.field("x-residency-error") == "unknown-host")
            #expect(response.text.contains("\"code\":\"unknown-host\""))
            try socket.send(Self.request("/.residency/health", host: "10.0.0.1"))
            #expect(try socket.receiveResponse().text == "ok\n")
        }
    }
}
