package import NIOCore
package import NIOHPACK

/// The head of an HTTP/2 request, written as the HTTP/1.1 head that says the same: it then goes through the one scanner
/// and its rules. What could become something else on the way is refused here.
///
/// 1. Names are tokens in lower case; values hold no control bytes, and no white space at their ends.
/// 2. `:authority` and `Host` agree; the target is a path.
/// 3. Nothing that belongs to a connection is in it; a body's length is said by `content-length` or not at all.
package struct StreamRequestHead {
    /// The whole head, with its empty line.
    package private(set) var bytes: ByteBuffer
    /// How the body follows the head.
    package private(set) var framing = RequestHead.Framing.none
    package private(set) var isHead = false

    private var method = ""
    private var path = ""
    private var authority = ""
    private var scheme = ""
    private var host: String?
    private var cookie = ""
    private var contentLength: Int?
    private var inFields = false

    /// - Parameter endsStream: no body follows.
    package init(_ headers: HPACKHeaders, endsStream: Bool) throws(StreamFault) {
        bytes = ByteBufferAllocator().buffer(capacity: 1_024)
        for (name, value, _) in headers {
            if name.utf8.first == HTTPBytes.colon { try readPseudo(name, value) } else { try readField(name, value) }
        }
        if !inFields { try writeRequestLine() }
        try writeHost()
        if !cookie.isEmpty { write("cookie", cookie) }
        try writeFraming(endsStream: endsStream)
        // The stream's connection ends with its answer.
        bytes.writeStaticString("connection: close\r\n\r\n")
    }

    // MARK: Pseudo-header fields

    private mutating func readPseudo(_ name: String, _ value: String) throws(StreamFault) {
        guard !inFields else { throw StreamFault("A pseudo-header field follows a field.") }
        switch name {
        case ":method": try Self.take(value, into: &method)
        case ":path": try Self.take(value, into: &path)
        case ":authority": try Self.take(value, into: &authority)
        case ":scheme": try Self.take(value, into: &scheme)
        default: throw StreamFault("A pseudo-header field is not one of a request.")
        }
    }

    private static func take(_ value: String, into target: inout String) throws(StreamFault) {
        guard target.isEmpty else { throw StreamFault("A pseudo-header field is repeated.") }
        guard !value.isEmpty, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw StreamFault("A pseudo-header field is empty, or holds white space or a control byte.")
        }
        target = value
    }

    private mutating func writeRequestLine() throws(StreamFault) {
        let tokens = HTTPBytes.TokenClass()
        guard !method.isEmpty, method.utf8.allSatisfy(tokens.contains) else {
            throw StreamFault("The method is missing or not a token.")
        }
        isHead = method == "HEAD"
        // The scanner says why CONNECT is refused.
        if method == "CONNECT" {
            path = authority
        } else {
            guard scheme == "https" || scheme == "http" else { throw StreamFault("The scheme is not https or http.") }
            guard path.utf8.first == HTTPBytes.slash || path == "*" else { throw StreamFault("The path is not one.") }
        }
        inFields = true
        bytes.writeString(method)
        bytes.writeStaticString(" ")
        bytes.writeString(path)
        bytes.writeStaticString(" HTTP/1.1\r\n")
    }

    // MARK: Fields

    private mutating func readField(_ name: String, _ value: String) throws(StreamFault) {
        if !inFields { try writeRequestLine() }
        try Self.check(name: name)
        try Self.check(value: value)
        switch name {
        case "host":
            guard host == nil else { throw StreamFault("Host is repeated.") }
            host = value
        case "cookie":
            // Clients may send each on a line of its own, to save room (RFC 9113 §8.2.3).
            cookie += cookie.isEmpty ? value : "; \(value)"
        case "content-length":
            guard contentLength == nil, let length = Self.decimal(value) else {
                throw StreamFault("Content-Length is repeated or not a number.")
            }
            contentLength = length
        case "te":
            guard value == "trailers" else { throw StreamFault("TE asks for more than trailers.") }
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
            throw StreamFault("A field belongs to a connection of HTTP/1.1.")
        default:
            write(name, value)
        }
    }

    private static func check(name: String) throws(StreamFault) {
        let tokens = HTTPBytes.TokenClass()
        guard !name.isEmpty, name.utf8.allSatisfy({ tokens.contains($0) && HTTPBytes.lowerCased($0) == $0 }) else {
            throw StreamFault("A field's name is not a token in lower case.")
        }
    }

    private static func check(value: String) throws(StreamFault) {
        func isBlank(_ byte: UInt8?) -> Bool { byte == HTTPBytes.space || byte == HTTPBytes.tab }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == HTTPBytes.tab }) else {
            throw StreamFault("A field's value holds a control byte.")
        }
        guard !isBlank(value.utf8.first), !isBlank(value.utf8.last) else {
            throw StreamFault("A field's value begins or ends with white space.")
        }
        // The decoder puts this in the place of bytes that are not UTF-8: the app would read something else than was
        // sent.
        guard !value.unicodeScalars.contains("\u{FFFD}") else { throw StreamFault("A field's value is not UTF-8.") }
    }

    private static func decimal(_ value: String) -> Int? {
        guard (1...18).contains(value.utf8.count), value.utf8.allSatisfy(HTTPBytes.isDigit) else { return nil }
        return Int(value)
    }

    private mutating func writeHost() throws(StreamFault) {
        if let host, !authority.isEmpty, host.lowercased() != authority.lowercased() {
            throw StreamFault(":authority and Host name different hosts.")
        }
        let name = authority.isEmpty ? host ?? "" : authority
        guard !name.utf8.contains(where: { "@/?#\\, \t".utf8.contains($0) }) else {
            throw StreamFault("The host holds more than a name and a port.")
        }
        // Without either, the scanner says that it is missing.
        if !name.isEmpty { write("host", name) }
    }

    private mutating func writeFraming(endsStream: Bool) throws(StreamFault) {
        switch (contentLength, endsStream) {
        case (let length?, true) where length > 0:
            throw StreamFault("Content-Length promises a body, and none follows.")
        case (let length?, _):
            framing = endsStream ? .none : .length(length)
            write("content-length", String(length))
        case (nil, true): break
        case (nil, false):
            framing = .chunked
            bytes.writeStaticString("transfer-encoding: chunked\r\n")
        }
    }

    private mutating func write(_ name: String, _ value: String) {
        bytes.writeString(name)
        bytes.writeStaticString(": ")
        bytes.writeString(value)
        bytes.writeStaticString("\r\n")
    }
}
