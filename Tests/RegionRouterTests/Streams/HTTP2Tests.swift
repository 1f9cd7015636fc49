import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A client that speaks HTTP/2", .timeLimit(.minutes(2)))
struct HTTP2Tests {
    /// Runs `body` with a client of its own.
    static func run(
        scripts: [String: String] = [:], change: @escaping @Sendable (inout RouterConfiguration) -> Void = { _ in },
        body: @escaping @Sendable (RouterFixture, HTTP2Client) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        try await RouterFixture.run(scripts: scripts, certificates: site.certificates, change: change) { fixture in
            let client = try HTTP2Client(port: fixture.port, authority: site.authority.certificateFile)
            try await body(fixture, client)
        }
    }

    @Test("has its call forwarded as one of HTTP/1.1, its cookies in one field, and nothing of a connection")
    func forwarded() async throws {
        try await Self.run { _, client in
            let answer = try client.call(
                HTTP2Client.fields("GET", "/echo/a?b=c") + [
                    ("cookie", "a=1"), ("x-one", "eins"), ("cookie", "b=2"), ("te", "trailers"),
                ])
            #expect(answer.status == 200 && answer.reset == nil)
            #expect(answer.fields["x-instance"] == "eu")
            #expect(answer.text.hasPrefix("eu\nGET /echo/a?b=c HTTP/1.1\r\nHost: eu.example.com\r\n"))
            #expect(answer.text.contains("cookie: a=1; b=2\r\n") && answer.text.contains("x-one: eins\r\n"))
            #expect(answer.text.contains("X-Forwarded-Proto: https\r\n"))
            #expect(answer.text.contains("Via: 2.0 residency-gateway\r\n"))
            let lower = answer.text.lowercased()
            for name in ["connection:", "te:", "transfer-encoding:", "content-length:"] {
                #expect(!lower.contains("\r\n" + name))
            }
        }
    }

    @Test("sends bodies with a length and without, and gets those of the app in both forms")
    func bodies() async throws {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        try await Self.run(scripts: ["length": length]) { _, client in
            let known = try client.call(
                HTTP2Client.fields("POST", "/echo") + [("content-length", "5")], body: "hello")
            #expect(known.text.hasSuffix("\r\n\r\n5") && known.text.contains("Content-Length: 5\r\n"))
            let unknown = try client.call(HTTP2Client.fields("POST", "/echo"), body: "hello you")
            #expect(unknown.text.hasSuffix("\r\n\r\n9") && unknown.text.contains("Transfer-Encoding: chunked\r\n"))
            let empty = try client.call(HTTP2Client.fields("POST", "/echo") + [("content-length", "0")])
            #expect(empty.text.hasSuffix("\r\n\r\n0"))
            let streamed = try client.call(HTTP2Client.fields("GET", "/stream/300000"))
            #expect(streamed.body.count == 300_000 && streamed.fields["transfer-encoding"] == nil)
            #expect(streamed.fields["connection"] == nil)
            let flood = try client.call(HTTP2Client.fields("GET", "/flood/1000000"))
            #expect(flood.body.count == 1_000_000 && flood.fields["content-length"] == "1000000")
            let head = try client.call(HTTP2Client.fields("HEAD", "/raw/length"))
            #expect(head.hasEnded && head.body.isEmpty && head.fields["content-length"] == "5")
        }
    }

    @Test("has trailers of its request dropped, and is told to go on where it waits for that")
    func trailersAndExpectation() async throws {
        try await Self.run { _, client in
            let stream = try client.begin(HTTP2Client.fields("POST", "/echo"), ends: false)
            try client.data("abc", on: stream, ends: false)
            try client.send(.headers, flags: 0x5, stream: stream, HTTP2Client.block([("x-checksum", "1")]))
            let answer = try client.answer(stream)
            #expect(answer.text.hasSuffix("\r\n\r\n3") && !answer.text.contains("x-checksum"))
            let waiting = try client.begin(
                HTTP2Client.fields("POST", "/echo") + [("expect", "100-continue")], ends: false)
            try client.readFrame()
            while client.answers(waiting).interim.isEmpty { try client.readFrame() }
            try client.data("abcd", on: waiting, ends: true)
            let told = try client.answer(waiting)
            #expect(told.interim == [100] && told.status == 200 && told.text.hasSuffix("\r\n\r\n4"))
        }
    }

    @Test("gets the gateway's own answers, and goes on with the connection after them")
    func errors() async throws {
        try await Self.run { _, client in
            let unknown = try client.call(HTTP2Client.fields(authority: "nobody.example.com"))
            #expect(unknown.status == 421 && unknown.fields["x-residency-error"] == "unknown-host")
            #expect(unknown.fields["content-type"] == "application/problem+json" && unknown.text.contains("requestId"))
            let large = try client.call(HTTP2Client.fields() + [("x-large", String(repeating: "x", count: 40_000))])
            #expect(large.status == 431)
            let connect = try client.call([(":method", "CONNECT"), (":authority", "eu.example.com:443")])
            #expect(connect.status == 400)
            let asterisk = try client.call(HTTP2Client.fields("OPTIONS", "*"))
            #expect(asterisk.status == 400)
            let health = try client.call(HTTP2Client.fields("GET", "/.residency/health"))
            #expect(health.text == "ok\n")
            #expect(try client.call(HTTP2Client.fields("GET", "/hangup")).status == 502)
            #expect(try client.call(HTTP2Client.fields()).status == 200)
        }
    }

    @Test("has many calls under way at once, each with its own answer")
    func multiplexed() async throws {
        try await Self.run { fixture, client in
            let slow = try client.begin(HTTP2Client.fields("GET", "/when-told"))
            _ = await fixture.eu.received { $0.contains("/when-told") }
            for number in 0..<50 {
                #expect(try client.call(HTTP2Client.fields("GET", "/echo/\(number)")).text.contains("/echo/\(number) "))
            }
            fixture.eu.answerLater()
            #expect(try client.answer(slow).text == "later")
        }
    }

    @Test("learns by the stream's reset that an answer is cut off")
    func cutOff() async throws {
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncutHANGUP"
        try await Self.run(scripts: ["cut": cut]) { _, client in
            let answer = try client.call(HTTP2Client.fields("GET", "/raw/cut"))
            #expect(!answer.hasEnded && answer.reset == 2)
            #expect(try client.call(HTTP2Client.fields()).status == 200)
        }
    }

    @Test("is told to stop sending a body whose answer is there already, and gets the whole answer")
    func earlyAnswer() async throws {
        try await Self.run { _, client in
            let stream = try client.begin(HTTP2Client.fields("POST", "/early"), ends: false)
            try client.data("some", on: stream, ends: false)
            let answer = try client.answer(stream)
            #expect(answer.status == 200 && answer.text == "early")
            if !answer.hasEnded { #expect(answer.reset == nil) }
            #expect(try client.call(HTTP2Client.fields()).status == 200)
        }
    }

    @Test("that resets a stream has its request given up at the app, and nothing else")
    func resetByClient() async throws {
        try await Self.run { fixture, client in
            let stream = try client.begin(HTTP2Client.fields("GET", "/silent"))
            _ = await fixture.eu.received { $0.contains("/silent") }
            try client.send(.reset, stream: stream, HTTP2Client.bytes(of: 8))
            await fixture.observer.heard {
                if case .requestEnded(_, _, 499, _) = $0 { true } else { false }
            }
            #expect(try client.call(HTTP2Client.fields()).status == 200)
        }
    }

    @Test("that takes nothing of an answer stops the reading of the app, and gets all of it when it goes on")
    func backPressure() async throws {
        try await Self.run { fixture, client in
            client.opensWindows = false
            let stream = try client.begin(HTTP2Client.fields("GET", "/flood/12000000"))
            while client.answers(stream).body.count < 65_535 { try client.readFrame() }
            #expect(!fixture.eu.hasFlooded)
            try client.send(.windowUpdate, HTTP2Client.bytes(of: 30_000_000))
            try client.send(.windowUpdate, stream: stream, HTTP2Client.bytes(of: 30_000_000))
            #expect(try client.answer(stream).body.count == 12_000_000)
        }
    }

    @Test("is said farewell when the gateway stops, and has what is under way answered")
    func drain() async throws {
        try await Self.run(change: { $0.limits.drainTimeout = .seconds(20) }) { fixture, client in
            let slow = try client.begin(HTTP2Client.fields("GET", "/when-told"))
            _ = await fixture.eu.received { $0.contains("/when-told") }
            await fixture.stop()
            #expect(try client.farewell() == 0)
            fixture.eu.answerLater()
            #expect(try client.answer(slow).text == "later")
            client.readToEnd()
        }
    }

    @Test("that stands idle is said farewell and closed")
    func idle() async throws {
        try await Self.run(change: { $0.limits.keepAliveTimeout = .milliseconds(200) }) { _, client in
            let answer = try client.call(HTTP2Client.fields())
            #expect(answer.status == 200)
            #expect(try client.farewell() == 0)
            client.readToEnd()
        }
    }
}
