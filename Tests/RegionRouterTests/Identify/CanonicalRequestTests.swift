import TestSupport
import Testing

@testable import RegionRouter

@Suite("The canonical request")
struct CanonicalRequestTests {
    @Test("has the text and the hash of every vector", arguments: QueryHashVector.all)
    func vector(_ vector: QueryHashVector) {
        let request = Canonical(vector.method, vector.path, basePath: vector.basePath, query: vector.query)
        #expect(request.text(.java) == vector.canonical)
        #expect(request.hash(.java) == vector.qsh)
        #expect(request.isHashed(as: vector.qsh))
    }

    @Test("is tested with all the vectors")
    func count() {
        #expect(QueryHashVector.all.count == 62)
    }

    @Test("is tried in JavaScript's order after Java's")
    func orders() {
        let request = Canonical("GET", "/s", query: "a%3A=x&a0=y")
        #expect(request.text(.java) == "GET&/s&a%3A=x&a0=y")
        #expect(request.text(.javaScript) == "GET&/s&a0=y&a%3A=x")
        #expect(request.isHashed(as: request.hash(.java)))
        #expect(request.isHashed(as: request.hash(.javaScript)))
        #expect(!request.isHashed(as: Canonical("GET", "/s", query: "a%3A=x&a0=z").hash(.java)))
        #expect(!request.isHashed(as: request.hash(.java).uppercased()))
        #expect(!request.isHashed(as: ""))
    }

    @Test(
        "cuts the base path at a segment's end alone",
        arguments: [
            ("/base/page", "/base", "/page"), ("/basement/page", "/base", "/basement/page"), ("/base", "/base", "/"),
            ("/base/", "/base", "/"), ("/base/page", "/base/", "/page"), ("/page", "/base", "/page"),
            ("/BASE/page", "/base", "/BASE/page"), ("/base//page", "/base", "//page"), ("", "/base", "/"),
            ("/base/base/page", "/base", "/base/page"), ("/page", "/", "/page"),
        ])
    func basePath(path: String, base: String, expected: String) {
        #expect(Canonical("GET", path, basePath: base).text(.java) == "GET&\(expected)&")
    }

    @Test(
        "reads odd queries in one way",
        arguments: [
            ("a", "a="), ("=b", "=b"), ("&&a=1&&", "a=1"), ("a=1=2", "a=1%3D2"), ("a=%", "a=%25"), ("a=%4", "a=%254"),
            ("a=%zz", "a=%25zz"), ("a=%41%4a", "a=AJ"), ("a=?/", "a=%3F%2F"), ("a=%FF", "a=%FF"), ("jwt", ""),
            ("%6Awt=x&b=1", "b=1"), ("jwt=x&jwt=y", ""), ("JWT=x", "JWT=x"), ("acpt=x", "acpt=x"), ("+=+", "%20=%20"),
            ("b=1;c=2", "b=1%3Bc%3D2"), ("a=2&A=1&a=1", "A=1&a=1,2"), ("a&a=", "a=,"),
        ])
    func query(query: String, expected: String) {
        #expect(Canonical("GET", "/p", query: query).text(.java) == "GET&/p&\(expected)")
    }

    @Test("holds names and values of every length, whole", arguments: 0...40)
    func lengths(length: Int) {
        let name = "n" + String(repeating: "a", count: length)
        let value = String("0123456789".flatMap { String(repeating: $0, count: 4) }.prefix(length))
        let query = "b=\(value)&\(name)=\(value)"
        #expect(Canonical("GET", "/p", query: query).text(.java) == "GET&/p&\(query)")
        #expect(Canonical("GET", "/p", query: "\(name)=\(value)").text(.java) == "GET&/p&\(name)=\(value)")
    }

    @Test("orders values by UTF-16, as Java and JavaScript do")
    func surrogates() {
        // U+1F600 is a surrogate pair and comes before U+FF5E, though its code point is higher.
        let request = Canonical("GET", "/p", query: "a=%EF%BD%9E&a=%F0%9F%98%80")
        #expect(request.text(.java) == "GET&/p&a=%F0%9F%98%80,%EF%BD%9E")
    }

    @Test("is the same after many parameters, which are sorted in another way")
    func many() {
        let query = (0..<400).map { "p\($0 * 7919 % 400)=\($0 % 3)&x=\($0)" }.joined(separator: "&")
        let request = Canonical("GET", "/p", query: query)
        #expect(request.text(.java) == ReferenceCanonicalRequest(method: "GET", path: "/p", query: query).text(.java))
    }

    @Test("is what a plain implementation makes of any request", arguments: 0..<40)
    func reference(seed: UInt64) {
        var random = SeededRandom(seed)
        var canonical = CanonicalRequest()
        for _ in 0..<250 {
            let (method, path, query) = (random.method(), random.path(), random.query())
            let base = Bool.random(using: &random) ? "" : "/base"
            let plain = ReferenceCanonicalRequest(method: method, path: path, basePath: base, query: query)
            for (order, plainOrder) in [(CanonicalRequest.Order.java, .java), (.javaScript, .javaScript)]
                as [(CanonicalRequest.Order, ReferenceCanonicalRequest.Order)]
            {
                let text = Canonical(method, path, basePath: base, query: query).text(order, &canonical)
                #expect(text == plain.text(plainOrder), "\(method) \(path) \(query)")
            }
        }
    }
}

/// A request whose canonical form is wanted.
private struct Canonical {
    let method: [UInt8]
    let path: [UInt8]
    let basePath: [UInt8]
    let query: [UInt8]

    init(_ method: String, _ path: String, basePath: String = "", query: String = "") {
        self.method = Array(method.utf8)
        self.path = Array(path.utf8)
        self.basePath = Array(basePath.utf8)
        self.query = Array(query.utf8)
    }

    func text(_ order: CanonicalRequest.Order) -> String {
        var canonical = CanonicalRequest()
        return text(order, &canonical)
    }

    func text(_ order: CanonicalRequest.Order, _ canonical: inout CanonicalRequest) -> String {
        _ = hash(order, &canonical)
        return canonical.canonicalText
    }

    func hash(_ order: CanonicalRequest.Order) -> String {
        var canonical = CanonicalRequest()
        return String(decoding: hash(order, &canonical), as: UTF8.self)
    }

    private func hash(_ order: CanonicalRequest.Order, _ canonical: inout CanonicalRequest) -> [UInt8] {
        method.withUnsafeBytes { method in
            path.withUnsafeBytes { path in
                query.withUnsafeBytes { query in
                    canonical.hash(method: method, path: path, basePath: basePath, query: query, order: order)
                }
            }
        }
    }

    func isHashed(as qsh: String) -> Bool {
        var canonical = CanonicalRequest()
        return method.withUnsafeBytes { method in
            path.withUnsafeBytes { path in
                query.withUnsafeBytes { query in
                    canonical.isHashed(
                        as: Array(qsh.utf8)[...], method: method, path: path, basePath: basePath, query: query)
                }
            }
        }
    }
}

extension SeededRandom {
    fileprivate mutating func method() -> String { pick(["GET", "post", "PUT", "Patch"]) }

    fileprivate mutating func path() -> String {
        let pieces = ["/", "/base", "/a", "&", "%2F", "%20", "b", "/base/", ";x", "~"]
        return "/" + (0..<Int.random(in: 0...5, using: &self)).map { _ in pick(pieces) }.joined()
    }

    fileprivate mutating func query() -> String {
        let pieces = [
            "a", "a0", "a:", "A", "%3A", "%3a", "=", "=", "&", "&", "&", "+", "%20", "%z", "%2z", "*", "~", ".", "-",
            "_",
            "1",
            "jwt", "jwt=x", ",", "%2C", "%E5%AE%AE", "%F0%9F%98%80", "%EF%BD%9E", "%C3%A9", "/", "?", "%00", "%7F",
        ]
        return (0..<Int.random(in: 0...24, using: &self)).map { _ in pick(pieces) }.joined()
    }
}
