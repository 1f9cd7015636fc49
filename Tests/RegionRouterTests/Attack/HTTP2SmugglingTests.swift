import NIOCore
import NIOHPACK
import RegionRouter
import TestSupport
import Testing

/// Requests of HTTP/2 that would become others when they are written as HTTP/1.1 (the lists of James Kettle's
/// "HTTP/2: The Sequel is Always Worse", and RFC 9113 §8.2 and §8.3).
@Suite("A request of HTTP/2 that could be read in two ways", .timeLimit(.minutes(2)))
struct HTTP2SmugglingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fields: [(String, String)]
        var body: String?
        var testDescription: String { name }
    }

    private static func replacing(_ name: String, _ value: String?) -> [(String, String)] {
        HTTP2Client.fields("POST", "/echo").compactMap { field in
            field.0 == name ? value.map { (name, $0) } : field
        }
    }

    private static let base = HTTP2Client.fields("POST", "/echo")

    static let cases: [Case] = [
        Case(name: "transfer-encoding", fields: base + [("transfer-encoding", "chunked")], body: "0\r\n\r\n"),
        Case(name: "connection", fields: base + [("connection", "x-one")]),
        Case(name: "keep-alive", fields: base + [("keep-alive", "timeout=5")]),
        Case(name: "proxy-connection", fields: base + [("proxy-connection", "close")]),
        Case(name: "upgrade", fields: base + [("upgrade", "websocket")]),
        Case(name: "te that asks for more than trailers", fields: base + [("te", "gzip")]),
        Case(name: "content-length longer than the body", fields: base + [("content-length", "9")], body: "four"),
        Case(name: "content-length shorter than the body", fields: base + [("content-length", "2")], body: "four"),
        Case(name: "content-length without a body", fields: base + [("content-length", "2")]),
        Case(
            name: "content-length twice", fields: base + [("content-length", "4"), ("content-length", "4")],
            body: "four"),
        Case(name: "content-length with a sign", fields: base + [("content-length", "+4")], body: "four"),
        Case(name: "content-length that is a list", fields: base + [("content-length", "4, 4")], body: "four"),
        Case(name: "a value with CRLF", fields: base + [("x-one", "a\r\nx-two: b")]),
        Case(name: "a value with LF", fields: base + [("x-one", "a\nx-two: b")]),
        Case(name: "a value with CR", fields: base + [("x-one", "a\rb")]),
        Case(name: "a value with NUL", fields: base + [("x-one", "a\0b")]),
        Case(name: "a value with another control byte", fields: base + [("x-one", "a\u{1}b")]),
        Case(name: "a value that begins with a space", fields: base + [("x-one", " a")]),
        Case(name: "a value that ends with a tab", fields: base + [("x-one", "a\t")]),
        Case(name: "a name with CRLF", fields: base + [("x-one\r\nx-two", "b")]),
        Case(name: "a name with a colon", fields: base + [("x-one: a\r\nx-two", "b")]),
        Case(name: "a name with a colon inside", fields: base + [("x:one", "b")]),
        Case(name: "a name with a space", fields: base + [("x one", "b")]),
        Case(name: "a name that ends with a space", fields: base + [("transfer-encoding ", "chunked")]),
        Case(name: "a name with NUL", fields: base + [("x\0one", "b")]),
        Case(name: "a name in upper case", fields: base + [("X-One", "b")]),
        Case(name: "no name", fields: base + [("", "b")]),
        Case(name: "a name beyond ASCII", fields: base + [("x-\u{e9}", "b")]),
        Case(name: "a path with a space", fields: replacing(":path", "/echo HTTP/1.1")),
        Case(name: "a path with CRLF", fields: replacing(":path", "/echo HTTP/1.1\r\nx-one: b\r\n\r\n")),
        Case(name: "a path with a tab", fields: replacing(":path", "/echo\t")),
        Case(name: "an empty path", fields: replacing(":path", "")),
        Case(name: "a path that is a URL", fields: replacing(":path", "http://us.example.com/echo")),
        Case(name: "a path that is none", fields: replacing(":path", "echo")),
        Case(name: "no path", fields: replacing(":path", nil)),
        Case(name: "no method", fields: replacing(":method", nil)),
        Case(name: "a method with a space", fields: replacing(":method", "GET /admin HTTP/1.1\r\nx: y\r\n\r\nPOST")),
        Case(name: "an empty method", fields: replacing(":method", "")),
        Case(name: "no scheme", fields: replacing(":scheme", nil)),
        Case(name: "a scheme that is none", fields: replacing(":scheme", "https://us.example.com/?")),
        Case(name: "an authority with a user", fields: replacing(":authority", "us.example.com@eu.example.com")),
        Case(name: "an authority with a path", fields: replacing(":authority", "eu.example.com/us")),
        Case(name: "an authority with CRLF", fields: replacing(":authority", "eu.example.com\r\nx-one: b")),
        Case(name: "an authority and another Host", fields: base + [("host", "us.example.com")]),
        Case(
            name: "Host twice",
            fields: replacing(":authority", nil) + [("host", "eu.example.com"), ("host", "eu.example.com")]),
        Case(name: "a pseudo-header field twice", fields: base + [(":path", "/other")]),
        Case(name: "a pseudo-header field after others", fields: [("x-one", "b")] + base),
        Case(name: "a pseudo-header field of answers", fields: [(":status", "200")] + base),
        Case(name: "a pseudo-header field that nobody knows", fields: [(":one", "1")] + base),
        Case(name: "an extended CONNECT", fields: replacing(":method", "CONNECT") + [(":protocol", "websocket")]),
    ]

    @Test("is reset before the app sees anything of it but a part of a body", arguments: cases)
    func refused(request: Case) throws {
        do {
            let head = try StreamRequestHead(HPACKHeaders(request.fields), endsStream: request.body == nil)
            var body = StreamRequestBody(head.framing)
            guard let text = request.body else {
                Issue.record("the head was taken: \(String(buffer: head.bytes))")
                return
            }
            _ = try body.take(.init(string: text), endsStream: true)
            Issue.record("the body was taken")
        } catch {
            #expect(!error.reason.isEmpty)
        }
    }

    @Test("is reset with PROTOCOL_ERROR, and the connection goes on")
    func refusedOnTheWire() async throws {
        try await HTTP2Tests.run { fixture, client in
            // A field without a name does not get through the decoding, which ends the connection.
            for request in Self.cases where request.name != "no name" {
                let answer = try client.call(request.fields, body: request.body)
                #expect(answer.reset == 1 && answer.status == 0, "\(request.name): \(answer)")
                #expect(try client.call(HTTP2Client.fields("GET", "/echo/after")).status == 200)
            }
            let seen = fixture.eu.requests + fixture.us.requests
            #expect(seen.allSatisfy { $0.contains(" /echo/after ") }, "\(seen)")
        }
    }

    @Test("by a Host field that is the same as the authority, or stands in its place, is taken")
    func hostField() async throws {
        try await HTTP2Tests.run { _, client in
            let same = try client.call(HTTP2Client.fields() + [("host", "EU.example.com")])
            #expect(same.status == 200)
            let bare = HTTP2Client.fields().filter { $0.0 != ":authority" }
            #expect(try client.call(bare + [("host", "us.example.com")]).fields["x-instance"] == "us")
            #expect(try client.call(bare).status == 400)
        }
    }
}
