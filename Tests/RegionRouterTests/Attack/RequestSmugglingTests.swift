import Foundation
import RegionRouter
import TestSupport
import Testing

/// What two readers could take in two ways, sent as an attacker would: over a real socket, with a second request hidden
/// behind the first. Whatever the gateway makes of it, the app must never see the hidden one.
@Suite("A request that could be read in two ways", .serialized)
struct RequestSmugglingTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: String
        var status = 400

        init(_ name: String, _ bytes: String, _ status: Int = 400) {
            self.name = name
            self.bytes = bytes
            self.status = status
        }

        var testDescription: String { name }
    }

    @Test("is refused, and its connection closed", arguments: framing + lines + targets + limits)
    func refused(attack: Attack) async throws {
        let change: @Sendable (inout RouterConfiguration) -> Void = { configuration in
            configuration.limits.headBytes = 8_000
            configuration.limits.headFields = 20
            configuration.limits.targetBytes = 2_000
            configuration.limits.bodyBytes = 1_000
            configuration.limits.chunkLineBytes = 100
        }
        try await RouterFixture.run(change: change) { fixture in
            let socket = try fixture.connect()
            try socket.send(attack.bytes)
            try socket.send(hidden)
            let all = try socket.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 \(attack.status) "), "\(all)")
            #expect(all.components(separatedBy: "Content-Length: ").count == 2, "answered more than once: \(all)")
            #expect(all.contains("X-Residency-Error: "))
            #expect(all.contains("Connection: close"))
            let seen = fixture.eu.requests + fixture.us.requests
            #expect(!seen.contains { $0.contains("hidden") }, "the app saw the hidden request")
        }
    }
}

/// What is hidden behind each attack: it must be read by nobody as a request of its own.
private let hidden = "GET /hidden HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"

extension RequestSmugglingTests {
    /// A POST with these field lines, and this body.
    private static func post(_ fields: String, _ body: String = "", version: String = "HTTP/1.1") -> String {
        "POST /x \(version)\r\nHost: eu.example.com\r\n\(fields)\r\n\r\n\(body)"
    }

    private static func get(_ fields: String, target: String = "/x", version: String = "HTTP/1.1") -> String {
        "GET \(target) \(version)\r\nHost: eu.example.com\r\n\(fields)\r\n"
    }

    private static func chunks(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

    static let framing: [Attack] = [
        Attack("length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Attack("chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        Attack("two equal lengths", post("Content-Length: 3\r\nContent-Length: 3", "abc")),
        Attack("two lengths", post("Content-Length: 3\r\nContent-Length: 0", "abc")),
        Attack("a list of lengths", post("Content-Length: 3, 3", "abc")),
        Attack("a length with a sign", post("Content-Length: +3", "abc")),
        Attack("a negative length", post("Content-Length: -1", "abc")),
        Attack("a hexadecimal length", post("Content-Length: 0x3", "abc")),
        Attack("a length with a fraction", post("Content-Length: 3.0", "abc")),
        Attack("a length with a blank inside", post("Content-Length: 1 0", "abc")),
        Attack("an empty length", post("Content-Length:", "abc")),
        Attack("a length past all numbers", post("Content-Length: 99999999999999999999", "abc")),
        Attack("a length in other digits", post("Content-Length: \u{0663}", "abc")),
        Attack("gzip before chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
        Attack("chunked before identity", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n")),
        Attack("chunked twice in a line", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")),
        Attack(
            "chunked in two lines", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Attack("a coding nobody knows", post("Transfer-Encoding: xchunked", "0\r\n\r\n")),
        Attack("a quoted coding", post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n")),
        Attack("a coding with a parameter", post("Transfer-Encoding: chunked;a=b", "0\r\n\r\n")),
        Attack("an empty coding", post("Transfer-Encoding:", "0\r\n\r\n")),
        Attack("a vertical tab before chunked", post("Transfer-Encoding: \u{0B}chunked", "0\r\n\r\n")),
        Attack("chunked in HTTP/1.0", post("Transfer-Encoding: chunked", "0\r\n\r\n", version: "HTTP/1.0")),
        Attack("a chunk size with a prefix", chunks("0x3\r\nabc\r\n0\r\n\r\n")),
        Attack("a chunk size with a sign", chunks("+3\r\nabc\r\n0\r\n\r\n")),
        Attack("a negative chunk size", chunks("-1\r\nabc\r\n0\r\n\r\n")),
        Attack("a chunk size that overflows", chunks("10000000000000003\r\nabc\r\n0\r\n\r\n")),
        Attack("no chunk size", chunks("\r\nabc\r\n0\r\n\r\n")),
        Attack("an extension alone", chunks(";a=b\r\nabc\r\n0\r\n\r\n")),
        Attack("a blank before the chunk size", chunks(" 3\r\nabc\r\n0\r\n\r\n")),
        Attack("a blank after the chunk size", chunks("3 \r\nabc\r\n0\r\n\r\n")),
        Attack("a chunk size line with a bare LF", chunks("3\nabc\r\n0\r\n\r\n")),
        Attack("a chunk extension with a bare LF", chunks("3;a\nabc\r\n0\r\n\r\n")),
        Attack("a chunk extension with a bare CR", chunks("3;a\rb\r\nabc\r\n0\r\n\r\n")),
        Attack("a chunk extension with NUL", chunks("3;a\u{00}\r\nabc\r\n0\r\n\r\n")),
        Attack("a chunk longer than its size", chunks("3\r\nabcd\r\n0\r\n\r\n")),
        Attack("chunk data that ends with a bare LF", chunks("3\r\nabc\n0\r\n\r\n")),
        Attack("a chunk extension past the limit", chunks("3;\(String(repeating: "a", count: 200))\r\nabc\r\n")),
        Attack("a chunk size of many zeros", chunks(String(repeating: "0", count: 200) + "\r\n\r\n")),
        Attack("a trailer with a bare LF", chunks("0\r\nA: b\n\r\n")),
        Attack("a trailer with NUL", chunks("0\r\nA: \u{00}\r\n\r\n")),
    ]

    static let lines: [Attack] = [
        Attack("a bare LF after the request line", "GET /x HTTP/1.1\nHost: eu.example.com\r\n\r\n"),
        Attack("a bare LF after a field", "GET /x HTTP/1.1\r\nHost: eu.example.com\nA: b\r\n\r\n"),
        Attack("a bare LF as the empty line", "GET /x HTTP/1.1\r\nHost: eu.example.com\r\n\n"),
        Attack("a bare CR in a value", get("A: b\rc\r\n")),
        Attack("two CR before LF", get("A: b\r\r\n")),
        Attack("an empty line first", "\r\n" + get("")),
        Attack("a folded line", get("A: b\r\n c\r\n")),
        Attack("a folded line by a tab", get("A: b\r\n\tc\r\n")),
        Attack("a folded first field", "GET /x HTTP/1.1\r\n Host: eu.example.com\r\n\r\n"),
        Attack("a blank before the colon", get("Content-Length : 5\r\n")),
        Attack("a tab before the colon", get("Transfer-Encoding\t: chunked\r\n")),
        Attack("an empty name", get(": b\r\n")),
        Attack("no colon", get("Foo\r\n")),
        Attack("a name with a blank", get("A B: c\r\n")),
        Attack("a name with a quote", get("\"A\": c\r\n")),
        Attack("a name outside ASCII", get("Ä: c\r\n")),
        Attack("NUL in a name", get("A\u{00}B: c\r\n")),
        Attack("NUL in a value", get("A: b\u{00}c\r\n")),
        Attack("a control byte in a value", get("A: b\u{01}c\r\n")),
        Attack("DEL in a value", get("A: b\u{7F}c\r\n")),
        Attack("an escape in a value", get("A: \u{1B}[2J\r\n")),
        Attack("no Host", "GET /x HTTP/1.1\r\n\r\n"),
        Attack("two Hosts", get("Host: us.example.com\r\n")),
        Attack("two equal Hosts", get("Host: eu.example.com\r\n")),
        Attack("Connection names Content-Length", post("Connection: Content-Length\r\nContent-Length: 3", "abc")),
        Attack("Connection names Host", get("Connection: close, Host\r\n")),
        Attack("Connection names Authorization", get("Connection: Authorization\r\nAuthorization: JWT a\r\n")),
        Attack("an expectation nobody meets", post("Expect: 200-ok\r\nContent-Length: 3", "abc")),
    ]

    static let targets: [Attack] = [
        Attack("an absolute target with another host", get("", target: "http://us.example.com/x")),
        Attack("an absolute target with credentials", get("", target: "http://a@eu.example.com/x")),
        Attack("an absolute target without a path", get("", target: "http://eu.example.com")),
        Attack("another scheme", get("", target: "ftp://eu.example.com/x")),
        Attack("the asterisk", "OPTIONS * HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"),
        Attack("an authority", "CONNECT eu.example.com:80 HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"),
        Attack("CONNECT of a path", "CONNECT /x HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"),
        Attack("a relative target", get("", target: "x")),
        Attack("a fragment", get("", target: "/x#y")),
        Attack("a byte outside ASCII", get("", target: "/ä")),
        Attack("a tab in the target", get("", target: "/a\tb")),
        Attack("a blank in the target", get("", target: "/a b")),
        Attack("two blanks before the target", get("", target: " /x")),
        Attack("a blank after the version", get("", version: "HTTP/1.1 ")),
        Attack("no target", "GET HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"),
        Attack("no version", "GET /x\r\nHost: eu.example.com\r\n\r\n"),
        Attack("HTTP/0.9", get("", version: "HTTP/0.9")),
        Attack("HTTP/1.2", get("", version: "HTTP/1.2")),
        Attack("HTTP/2.0", get("", version: "HTTP/2.0")),
        Attack("HTTP/1.10", get("", version: "HTTP/1.10")),
        Attack("HTTP/01.1", get("", version: "HTTP/01.1")),
        Attack("a version in lower case", get("", version: "http/1.1")),
        Attack("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Attack("a method that is no token", "G@T /x HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"),
        Attack("TLS", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}"),
    ]

    static let limits: [Attack] = [
        Attack("a head past the limit", get("A: \(String(repeating: "b", count: 9_000))\r\n"), 431),
        Attack("100 kB of token", get("Authorization: JWT \(String(repeating: "a", count: 100_000))\r\n"), 431),
        Attack("a head without an end", "GET /x HTTP/1.1\r\nA: \(String(repeating: "b", count: 9_000))", 431),
        Attack("more fields than the limit", get(String(repeating: "A: b\r\n", count: 21)), 431),
        Attack("a target past the limit", get("", target: "/\(String(repeating: "a", count: 3_000))"), 414),
        Attack("a length past the limit", post("Content-Length: 1001"), 413),
        Attack("chunks past the limit", chunks("3e9\r\n\(String(repeating: "a", count: 1_001))\r\n0\r\n\r\n"), 413),
    ]
}
