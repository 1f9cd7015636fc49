import RegionRouter
import TestSupport
import Testing

@Suite("A client that floods an HTTP/2 connection", .timeLimit(.minutes(2)))
struct HTTP2FloodTests {
    private static let enhanceYourCalm: UInt32 = 11

    @Test("with streams that it resets at once is told to calm down, and cut off")
    func rapidReset() async throws {
        try await HTTP2Tests.run(change: { $0.limits.streamResets = 50 }) { fixture, client in
            var burst: [UInt8] = []
            for number in 0..<400 as Range<UInt32> {
                let stream = 2 * number + 1
                let block = HTTP2Client.block(HTTP2Client.fields("GET", "/silent"))
                burst += HTTP2Client.frame(.headers, flags: 0x5, stream: stream, block)
                burst += HTTP2Client.frame(.reset, flags: 0, stream: stream, HTTP2Client.bytes(of: 8))
            }
            try client.sendRaw(burst)
            #expect(try client.farewell() == Self.enhanceYourCalm)
            client.readToEnd()
            #expect(fixture.eu.requests.count < 400)
        }
    }

    struct Flood: Sendable, CustomTestStringConvertible {
        let name: String
        let frame: [UInt8]
        var testDescription: String { name }
    }

    @Test(
        "with control frames is told to calm down, and cut off",
        arguments: [
            Flood(name: "SETTINGS", frame: HTTP2Client.frame(.settings, flags: 0, stream: 0, [])),
            Flood(name: "PING", frame: HTTP2Client.frame(.ping, flags: 0, stream: 0, Array(repeating: 0, count: 8))),
            Flood(
                name: "PRIORITY", frame: HTTP2Client.frame(.priority, flags: 0, stream: 1, [0, 0, 0, 0, 1])),
        ])
    func controlFrames(flood: Flood) async throws {
        try await HTTP2Tests.run { _, client in
            try client.sendRaw(Array((0..<1_000).map { _ in flood.frame }.joined()))
            #expect(try client.farewell() == Self.enhanceYourCalm)
            client.readToEnd()
        }
    }

    @Test("with empty DATA, or with CONTINUATION without end, is told to calm down, and cut off")
    func emptyFrames() async throws {
        try await HTTP2Tests.run { _, client in
            let stream = try client.begin(HTTP2Client.fields("POST", "/echo"), ends: false)
            for _ in 0..<20 { try? client.send(.data, stream: stream) }
            #expect(try client.farewell() == Self.enhanceYourCalm)
            client.readToEnd()
        }
        try await HTTP2Tests.run { _, client in
            try client.send(.headers, flags: 0, stream: 1, HTTP2Client.block(HTTP2Client.fields()))
            for _ in 0..<50 { try? client.send(.continuation, stream: 1) }
            #expect(try client.farewell() == Self.enhanceYourCalm)
            client.readToEnd()
        }
    }

    @Test("with more streams at once than it may have, has those refused that are too many")
    func tooManyStreams() async throws {
        try await HTTP2Tests.run(change: { $0.limits.streams = 3 }) { fixture, client in
            // The client has taken the settings by the time that it has an answer.
            #expect(try client.call(HTTP2Client.fields("GET", "/first")).status == 200)
            for _ in 0..<3 { _ = try client.begin(HTTP2Client.fields("GET", "/silent")) }
            let fourth = try client.begin(HTTP2Client.fields())
            while client.answers(fourth).reset == nil, client.goAway == nil { try client.readFrame() }
            #expect(fixture.eu.requests.allSatisfy { !$0.contains("/echo") })
        }
    }

    @Test("with heads that grow without end is cut off")
    func largeHeads() async throws {
        try await HTTP2Tests.run { _, client in
            // The same large field by its place in the table costs one byte each.
            let field =
                [0x40] + HTTP2Client.literal("x-large") + HTTP2Client.literal(String(repeating: "x", count: 3_000))
            let again = Array(repeating: 0xBE as UInt8, count: 1_000)
            let stream = try client.begin(block: HTTP2Client.block(HTTP2Client.fields()) + field + again)
            while client.goAway == nil, client.answers(stream).reset == nil { try client.readFrame() }
            #expect(client.answers(stream).status == 0)
        }
    }

    @Test("with bytes that are no frames is cut off")
    func garbage() async throws {
        try await HTTP2Tests.run { _, client in
            try client.sendRaw(Array(repeating: 0xFF, count: 64))
            client.readToEnd()
            #expect(client.goAway != nil)
        }
    }
}
