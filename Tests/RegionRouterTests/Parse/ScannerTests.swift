import Testing

@testable import RegionRouter

/// Reads a head in pieces, as a socket would bring it.
private func read(_ text: String, piece: Int = .max) throws(RouterError) -> RequestHead? {
    let bytes = Array(text.utf8)
    var scanner = HeadScanner()
    var head = RequestHead()
    var end = 0
    while end < bytes.count {
        end = min(bytes.count, piece == .max ? bytes.count : end + piece)
        let result = bytes[..<end].withUnsafeBytes { raw -> Result<RequestHead?, RouterError> in
            do throws(RouterError) {
                guard case .complete(let length) = try scanner.scan(raw, limits: HTTPLimits()) else {
                    return .success(nil)
                }
                try head.read(raw, lines: scanner, end: length, limits: HTTPLimits())
                return .success(head)
            } catch { return .failure(error) }
        }
        if let head = try result.get() { return head }
    }
    return nil
}

@Suite("A request head")
struct RequestHeadTests {
    @Test("is read the same however it is cut", arguments: [1, 2, 7, 64, .max])
    func pieces(piece: Int) throws {
        let text =
            "POST /a/b?c=d&e HTTP/1.1\r\nHost: x.example\r\nContent-Length:  12 \r\nAuthorization: JWT a.b.c\r\nX: \u{E9}\r\n\r\n"
        let head = try #require(try read(text, piece: piece))
        let bytes = Array(text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        #expect(head.method == .post)
        #expect(part(head.path) == "/a/b")
        #expect(part(head.query) == "c=d&e")
        #expect(part(head.host) == "x.example")
        #expect(part(head.authorization) == "JWT a.b.c")
        #expect(head.framing == .length(12))
        #expect(head.keepAlive)
        #expect(head.end == bytes.count)
    }

    @Test(
        "is refused where two readers could take it in two ways",
        arguments: [
            "GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n",
            " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
            "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\n\r\n",
        ], [1, .max])
    func refused(text: String, piece: Int) {
        #expect(throws: RouterError.self) { try read(text, piece: piece) }
    }

    @Test("keeps to its limits, each with its own code")
    func limits() {
        func code(_ text: String) -> RouterError.Code? {
            do { _ = try read(text); return nil } catch { return error.code }
        }
        #expect(code("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n") == .targetTooLong)
        #expect(
            code("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n") == .headTooLarge)
        #expect(code("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: a\r\n", count: 100))\r\n") == .headTooLarge)
        #expect(code("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))") == .headTooLarge)
    }

    @Test("of a URL is read like one of a path, when it names the same host")
    func absolute() throws {
        let text = "GET http://A.example:80/p?q HTTP/1.1\r\nHost: a.example:80\r\n\r\n"
        let head = try #require(try read(text))
        #expect(String(decoding: Array(text.utf8)[head.path], as: UTF8.self) == "/p")
    }

    @Test(
        "says whether the connection is kept, and what it upgrades to",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", false, false),
            ("GET / HTTP/1.0\r\n\r\n", false, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n", true, true),
            ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", true, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", true, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", true, false),
        ])
    func connection(text: String, keepAlive: Bool, upgrades: Bool) throws {
        let head = try #require(try read(text))
        #expect(head.keepAlive == keepAlive)
        #expect(head.upgradesToWebSocket == upgrades)
    }
}

@Suite("A chunked body")
struct ChunkedScannerTests {
    private func data(_ text: String, piece: Int) throws(ChunkedScanner.Fault) -> (data: String, rest: String)? {
        let bytes = Array(text.utf8)
        var scanner = ChunkedScanner(maxLineBytes: 64)
        var data = ""
        var end = 0
        var offset = 0
        while end < bytes.count {
            end = min(bytes.count, piece == .max ? bytes.count : end + piece)
            while true {
                let result = bytes[..<end].withUnsafeBytes { raw -> Result<ChunkedScanner.Step, ChunkedScanner.Fault> in
                    do throws(ChunkedScanner.Fault) { return .success(try scanner.next(raw, from: &offset)) } catch {
                        return .failure(error)
                    }
                }
                let step = try result.get()
                if case .data(let range) = step { data += String(decoding: bytes[range], as: UTF8.self) }
                if step == .end { return (data, String(decoding: bytes[offset...], as: UTF8.self)) }
                if step == .needMore { break }
            }
        }
        return nil
    }

    @Test("gives its data however it is cut, and leaves what follows", arguments: [1, 2, 5, .max])
    func pieces(piece: Int) throws {
        let text = "4\r\nWiki\r\n5;name=value\r\npedia\r\n0A ;x\r\n0123456789\r\n0\r\nTrailer: dropped\r\n\r\nGET /"
        let read = try #require(try data(text, piece: piece))
        #expect(read.data == "Wikipedia0123456789")
        #expect(piece != .max || read.rest == "GET /")
    }

    @Test(
        "is refused when it is malformed",
        arguments: [
            "\r\n", "g\r\n", "4\nWiki\r\n", "4\r\nWikiX\r\n", "4\r\nWiki\nX", "-1\r\n", "0x4\r\n", "4 \r\nWiki\r\n",
            "1234567890123456\r\n",
            ";x\r\n", "4;\(String(repeating: "x", count: 80))\r\n", "4;a\u{1}\r\n", "0\r\nX: a\nY\r\n\r\n",
            "0\r\n\nGET",
            "0\r\n X: folded\r\n\r\n", "4\r\r\nWiki\r\n",
        ], [1, .max])
    func refused(text: String, piece: Int) {
        #expect(throws: ChunkedScanner.Fault.self) { try data(text, piece: piece) }
    }
}
