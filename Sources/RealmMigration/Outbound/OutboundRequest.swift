import Foundation

/// One outgoing control call.
package struct OutboundRequest: Sendable {
    /// The longest answer a caller takes by default, in bytes.
    package static let defaultMaxBytes = 256 * 1024

    package var url: String
    package var method: String
    /// Names and values, in order.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Bytes of the answer's body; past it ``OutboundError/Code/oversized``.
    package var maxBytes: Int
    /// From the call to the last byte of the answer; past it ``OutboundError/Code/timeout``.
    package var timeout: Duration
    /// `HOST:PORT` that the connection is made to, instead of the URL's, whose name still is the server's.
    package var server: String?

    package init(
        url: String, method: String = "GET", headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        maxBytes: Int = OutboundRequest.defaultMaxBytes, timeout: Duration = .seconds(5),
        server: String? = nil
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.maxBytes = maxBytes
        self.timeout = timeout
        self.server = server
    }

    /// Scheme, host and port alone: what may be said in an error or a log line.
    package var origin: String { server.map { "\(Self.origin(of: url)) at \($0)" } ?? Self.origin(of: url) }

    package static func origin(of url: String) -> String {
        guard let scheme = url.range(of: "://") else { return "the URL" }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@").last.map(String.init) ?? ""
        return "\(url[..<scheme.upperBound])\(host)"
    }

    /// Refuses what must not reach libcurl: other schemes, control bytes, methods and field names that are no tokens.
    func validate() throws(OutboundError) {
        let lower = url.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else {
            throw OutboundError(.badURL, "only http and https URLs can be called")
        }
        guard url.utf8.count <= 8192, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw OutboundError(.badURL, "the URL at \(origin) has blanks, control or foreign bytes, or is too long")
        }
        guard Self.isToken(method) else {
            throw OutboundError(.badRequest, "the method for \(origin) is not an HTTP token")
        }
        for (name, value) in headers {
            guard Self.isToken(name), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw OutboundError(.badRequest, "a field for \(origin) holds bytes that HTTP forbids")
            }
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}

/// What came back.
package struct OutboundResponse: Sendable {
    package let status: Int
    /// Names in lower case, in the order they came.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    package var isSuccess: Bool { (200..<300).contains(status) }
    package var text: String { String(decoding: body, as: UTF8.self) }
}
