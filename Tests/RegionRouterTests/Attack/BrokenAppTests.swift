import Foundation
import RegionRouter
import TestSupport
import Testing

/// An app instance that breaks HTTP's rules: a body taken wrongly would be one tenant's data in another's answer.
@Suite("An app instance that breaks the rules", .serialized)
struct BrokenAppTests {
    struct Script: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: String

        init(_ name: String, _ bytes: String) {
            self.name = name
            self.bytes = bytes
        }

        var testDescription: String { name }
    }

    @Test("gives 502, and its connection is not used again", arguments: heads)
    func refused(script: Script) async throws {
        try await RouterFixture.run(scripts: ["x": script.bytes]) { fixture in
            let socket = try fixture.connect()
            try socket.send("POST /raw/x HTTP/1.1\r\nHost: eu.example.com\r\nContent-Length: 0\r\n\r\n")
            var response = try socket.receiveResponse()
            while response.status == 102 { response = try socket.receiveResponse() }
            #expect(response.status == 502)
            #expect(response.field("x-residency-error") != nil)
            #expect(!response.text.contains("evil"))
            try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            let next = try socket.receiveResponse()
            #expect(next.text.contains("GET /echo"))
            #expect(fixture.eu.connections == 2)
        }
    }

    @Test("is cut off in the middle of a body, and the client sees that it was cut", arguments: bodies)
    func cut(script: Script) async throws {
        try await RouterFixture.run(scripts: ["x": script.bytes]) { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /raw/x HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            let all = try socket.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 200 ") || all.hasPrefix("HTTP/1.1 502 ") || all.isEmpty)
            #expect(!all.contains("\r\n0\r\n\r\n"), "the cut body was ended as if it were whole")
            #expect(!all.contains("evil"))
        }
    }

    @Test("cannot answer the next request with what it says too much", arguments: surplus)
    func tooMuch(script: Script) async throws {
        try await RouterFixture.run(scripts: ["x": script.bytes]) { fixture in
            let socket = try fixture.connect()
            for _ in 0..<3 {
                try socket.send("GET /raw/x HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                let first = try socket.receiveResponse()
                #expect(first.status == 200 || first.status == 204 || first.status == 304)
                try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                let second = try socket.receiveResponse()
                #expect(second.text.contains("GET /echo"), "\(second.head) \(second.text)")
            }
        }
    }

    private static func ok(_ fields: String, _ body: String = "") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n\(body)"
    }

    private static let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

    static let heads: [Script] = [
        Script("no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"),
        Script("HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Script("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Script("a code of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
        Script("a code of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
        Script("a code past all classes", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"),
        Script("length and chunked", ok("Content-Length: 4\r\nTransfer-Encoding: chunked", "4\r\nevil\r\n0\r\n\r\n")),
        Script("two lengths", ok("Content-Length: 4\r\nContent-Length: 0", "evil")),
        Script("a list of lengths", ok("Content-Length: 4, 4", "evil")),
        Script("a signed length", ok("Content-Length: +4", "evil")),
        Script("gzip and chunked", ok("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
        Script("an unknown coding", ok("Transfer-Encoding: identity", "evil")),
        Script("a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
        Script("a folded line", ok("A: b\r\n c\r\nContent-Length: 0")),
        Script("a blank before the colon", ok("Content-Length : 0")),
        Script("NUL in a value", ok("A: \u{00}\r\nContent-Length: 0")),
        Script("a CR in a value", ok("A: b\rSet-Cookie: evil\r\nContent-Length: 0")),
        Script("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Script("Connection names Content-Length", ok("Connection: Content-Length\r\nContent-Length: 4", "evil")),
        Script("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nevil"),
        Script("interim answers without end", String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 50)),
        Script("a head past the limit", ok("A: " + String(repeating: "b", count: 70_000))),
        Script("the end before an answer", "HANGUP"),
        Script("the end in the middle of the head", "HTTP/1.1 200 OK\r\nContent-HANGUP"),
    ]

    static let bodies: [Script] = [
        Script("a length cut short", ok("Content-Length: 10", "halfHANGUP")),
        Script("chunks cut short", ok("Transfer-Encoding: chunked", "4\r\nhalf\r\nHANGUP")),
        Script("a chunk cut short", ok("Transfer-Encoding: chunked", "10\r\nhalfHANGUP")),
        Script("chunks without the last line", ok("Transfer-Encoding: chunked", "4\r\nhalf\r\n0\r\nHANGUP")),
        Script("a bad chunk size", ok("Transfer-Encoding: chunked", "4\r\nhalf\r\nzz\r\nevil")),
        Script("a chunk size with a bare LF", ok("Transfer-Encoding: chunked", "4\nhalf\r\n0\r\n\r\n")),
        Script("a chunk longer than it says", ok("Transfer-Encoding: chunked", "4\r\nhalfevil\r\n0\r\n\r\n")),
    ]

    static let surplus: [Script] = [
        Script("a second response", ok("Content-Length: 2", "ok") + evil),
        Script("a response behind 204", "HTTP/1.1 204 No Content\r\n\r\n" + evil),
        Script("a response behind 304", "HTTP/1.1 304 Not Modified\r\n\r\n" + evil),
        Script("a body behind 204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil"),
        Script("a response behind the last chunk", ok("Transfer-Encoding: chunked", "2\r\nok\r\n0\r\n\r\n" + evil)),
        Script("bytes past the length", ok("Content-Length: 2", "okevil")),
    ]
}
