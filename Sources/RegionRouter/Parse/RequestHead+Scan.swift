extension RequestHead {
    /// Reads a complete head whose lines `lines` has found.
    ///
    /// Strict by design (design §3.1): what two readers could take in two ways is refused.
    /// - Throws: ``RouterError`` with `badRequest`, `targetTooLong` or `unsupportedVersion`.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, lines: HeadScanner, end: Int, limits: HTTPLimits
    ) throws(RouterError) {
        clear()
        self.end = end
        let tokens = HTTPBytes.TokenClass()
        let absoluteAuthority = try readRequestLine(bytes, lines.line(0), tokens, limits)
        fieldsStart = lines.line(0).upperBound + 2
        fieldCount = lines.lineCount - 1
        var fields = FieldState()
        for index in 1..<max(lines.lineCount, 1) {
            let field = try FieldLine(bytes, line: lines.line(index), tokens: tokens)
            try read(field, bytes, &fields)
        }
        try settle(fields, bytes, absoluteAuthority: absoluteAuthority)
        if fields.namesOthers {
            try dropNamed(by: fields.connection, bytes, lines: lines, tokens: tokens)
        }
    }

    /// What must be known of all fields before any of it means something.
    private struct FieldState {
        var hostCount = 0
        var contentLength: Int?
        var isChunked = false
        var saysClose = false
        var saysUpgrade = false
        var upgradesToWebSocket = false
        /// `Connection` names fields that are to be dropped.
        var namesOthers = false
        var connection: [Range<Int>] = []
    }

    private mutating func clear() {
        // Taken out first: a list that two own would be made anew instead of being emptied.
        var (cookies, forwardedFor, dropped) = ([Range<Int>](), [Range<Int>](), [Range<Int>]())
        swap(&cookies, &self.cookies)
        swap(&forwardedFor, &self.forwardedFor)
        swap(&dropped, &self.dropped)
        if !cookies.isEmpty { cookies.removeAll(keepingCapacity: true) }
        if !forwardedFor.isEmpty { forwardedFor.removeAll(keepingCapacity: true) }
        if !dropped.isEmpty { dropped.removeAll(keepingCapacity: true) }
        self = RequestHead()
        self.cookies = cookies
        self.forwardedFor = forwardedFor
        self.dropped = dropped
    }

    // MARK: The request line

    /// - Returns: the authority of an absolute target; empty for an origin target.
    private mutating func readRequestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, _ tokens: HTTPBytes.TokenClass, _ limits: HTTPLimits
    ) throws(RouterError) -> Range<Int> {
        var index = line.lowerBound
        while index < line.upperBound, tokens.contains(bytes[index]) { index += 1 }
        guard index > line.lowerBound, index < line.upperBound, bytes[index] == HTTPBytes.space else {
            throw RouterError(.badRequest, "The request line does not begin with a method and one space.")
        }
        methodRange = line.lowerBound..<index
        method = Self.method(bytes, methodRange)
        // A 2xx to CONNECT has no body whatever its fields say (RFC 9110 §9.3.6): app and gateway could differ.
        guard method != .connect else { throw RouterError(.badRequest, "CONNECT is not spoken here.") }

        let start = index + 1
        index = HTTPBytes.endOfTarget(bytes, start..<line.upperBound)
        guard index == line.upperBound || bytes[index] == HTTPBytes.space else {
            throw RouterError(.badRequest, "The request target holds a byte that must be percent-encoded.")
        }
        let queryStart = bytes.part(start..<index).firstIndex(of: UInt8(ascii: "?"), from: 0).map { start + $0 } ?? -1
        guard index - start <= limits.targetBytes else {
            throw RouterError(.targetTooLong, "The request target is longer than \(limits.targetBytes) bytes.")
        }
        guard index > start, index < line.upperBound else {
            throw RouterError(.badRequest, "The request line has no target or no version.")
        }
        try readVersion(bytes, index + 1..<line.upperBound)
        return try readTarget(bytes, start..<index, queryStart: queryStart)
    }

    private mutating func readVersion(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RouterError) {
        // Case counts here (RFC 9112 §2.3), so the prefix is compared byte by byte.
        guard range.count == 8, HTTPBytes.equals(bytes, range.lowerBound..<range.lowerBound + 7, "HTTP/1.") else {
            throw RouterError(.unsupportedVersion, "The request line does not end with HTTP/1.1 or HTTP/1.0.")
        }
        switch bytes[range.lowerBound + 7] {
        case UInt8(ascii: "1"): minorVersion = 1
        case UInt8(ascii: "0"): minorVersion = 0
        default: throw RouterError(.unsupportedVersion, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        }
    }

    private mutating func readTarget(
        _ bytes: UnsafeRawBufferPointer, _ target: Range<Int>, queryStart: Int
    ) throws(RouterError) -> Range<Int> {
        let pathEnd = queryStart < 0 ? target.upperBound : queryStart
        if queryStart >= 0 {
            hasQuery = true
            query = queryStart + 1..<target.upperBound
        }
        if bytes[target.lowerBound] == HTTPBytes.slash {
            path = target.lowerBound..<pathEnd
            return 0..<0
        }
        var authorityStart = target.lowerBound
        if HTTPBytes.hasPrefix(bytes, target, "http://") {
            authorityStart += 7
        } else if HTTPBytes.hasPrefix(bytes, target, "https://") {
            authorityStart += 8
        } else {
            throw RouterError(.badRequest, "The request target is neither a path nor an http URL.")
        }
        var authorityEnd = authorityStart
        while authorityEnd < pathEnd, bytes[authorityEnd] != HTTPBytes.slash { authorityEnd += 1 }
        guard authorityEnd > authorityStart, authorityEnd < pathEnd else {
            throw RouterError(.badRequest, "An absolute request target needs a host and a path.")
        }
        path = authorityEnd..<pathEnd
        return authorityStart..<authorityEnd
    }

    private static func method(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Method {
        // Methods are case-sensitive: `get` is another method, and not one of these.
        func equals(_ text: StaticString) -> Bool { HTTPBytes.equals(bytes, range, text) }
        switch range.count {
        case 3: return equals("GET") ? .get : equals("PUT") ? .put : .other
        case 4: return equals("POST") ? .post : equals("HEAD") ? .head : .other
        case 5: return equals("PATCH") ? .patch : equals("TRACE") ? .trace : .other
        case 6: return equals("DELETE") ? .delete : .other
        case 7: return equals("OPTIONS") ? .options : equals("CONNECT") ? .connect : .other
        default: return .other
        }
    }

    // MARK: The fields

    private mutating func read(
        _ field: FieldLine, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState
    ) throws(RouterError) {
        func named(_ text: StaticString) -> Bool { HTTPBytes.matches(bytes, field.name, text) }
        switch field.name.count {
        case 2 where named("te"): dropped.append(field.whole)
        case 4 where named("host"):
            fields.hostCount += 1
            host = field.value
            dropped.append(field.whole)
        case 6 where named("cookie"): cookies.append(field.value)
        case 6 where named("expect"): try readExpect(field, bytes)
        case 6 where named("x-acpt"):
            repeatsSessionToken = repeatsSessionToken || !sessionToken.isEmpty
            sessionToken = field.value
        case 7 where named("upgrade"):
            fields.upgradesToWebSocket = HTTPBytes.matches(bytes, field.value, "websocket")
            dropped.append(field.whole)
        case 7 where named("trailer"): dropped.append(field.whole)
        case 9 where named("forwarded"): dropped.append(field.whole)
        case 10 where named("connection"):
            fields.connection.append(field.value)
            try readConnection(field.value, bytes, &fields)
            dropped.append(field.whole)
        case 10 where named("keep-alive"): dropped.append(field.whole)
        case 11 where named("traceparent"):
            // Two of them name no trace; the gateway then makes its own.
            traceparent = traceparent.isEmpty ? field.value : 0..<0
            dropped.append(field.whole)
        case 12 where named("x-request-id"):
            requestID = field.value
            dropped.append(field.whole)
        case 13 where named("authorization"):
            repeatsAuthorization = hasAuthorization
            hasAuthorization = true
            authorization = field.value
        case 14 where named("content-length"): try readContentLength(field, bytes, &fields)
        case 17 where named("transfer-encoding"): try readTransferEncoding(field, bytes, &fields)
        case 16 where named("proxy-connection"), 18 where named("proxy-authenticate"),
            19 where named("proxy-authorization"):
            dropped.append(field.whole)
        default: readPrefixed(field, bytes)
        }
    }

    /// The families of fields that only the gateway, or a trusted proxy, may set.
    private mutating func readPrefixed(_ field: FieldLine, _ bytes: UnsafeRawBufferPointer) {
        guard field.name.count >= 12, HTTPBytes.lowerCased(bytes[field.name.lowerBound]) == UInt8(ascii: "x") else {
            return
        }
        if HTTPBytes.isOfFamily(bytes, field.name, "x-residency-") {
            readPeer(field, bytes)
            dropped.append(field.whole)
        } else if HTTPBytes.isOfFamily(bytes, field.name, "x-forwarded-") {
            if HTTPBytes.matches(bytes, field.name, "x-forwarded-for") { forwardedFor.append(field.value) }
            if HTTPBytes.matches(bytes, field.name, "x-forwarded-proto") { forwardedProto = field.value }
            if HTTPBytes.matches(bytes, field.name, "x-forwarded-host") { forwardedHost = field.value }
            dropped.append(field.whole)
        }
    }

    /// What a node says to its peer. Noted whoever says it, and looked at on the peers' listener alone.
    private mutating func readPeer(_ field: FieldLine, _ bytes: UnsafeRawBufferPointer) {
        if HTTPBytes.matches(bytes, field.name, "x-residency-peer") {
            repeatsPeer = repeatsPeer || !peer.isEmpty
            peer = field.value
        } else if HTTPBytes.matches(bytes, field.name, "x-residency-peer-origin") {
            repeatsPeer = repeatsPeer || !peerOrigin.isEmpty
            peerOrigin = field.value
        }
    }

    private mutating func readExpect(_ field: FieldLine, _ bytes: UnsafeRawBufferPointer) throws(RouterError) {
        guard HTTPBytes.matches(bytes, field.value, "100-continue") else {
            throw RouterError(.badRequest, "The only expectation met here is 100-continue.")
        }
        // The gateway answers it itself, once it knows that it will take the body.
        expectsContinue = true
        dropped.append(field.whole)
    }

    private func readConnection(
        _ value: Range<Int>, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState
    ) throws(RouterError) {
        var start = value.lowerBound
        while start <= value.upperBound {
            var end = start
            while end < value.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            let option = HTTPBytes.trimmed(bytes, start..<end)
            start = end + 1
            if option.isEmpty || HTTPBytes.matches(bytes, option, "keep-alive") { continue }
            if HTTPBytes.matches(bytes, option, "close") {
                fields.saysClose = true
            } else if HTTPBytes.matches(bytes, option, "upgrade") {
                fields.saysUpgrade = true
            } else if Self.endToEnd.contains(where: { HTTPBytes.matches(bytes, option, $0) }) {
                throw RouterError(.badRequest, "Connection names a field that is meant for the app.")
            } else {
                fields.namesOthers = true
            }
        }
    }

    /// Fields that `Connection` may not name (RFC 9110 §7.6.1): dropping one of them would change what the app reads.
    private static let endToEnd: [StaticString] = [
        "host", "content-length", "transfer-encoding", "authorization", "cookie", "content-type",
    ]

    private mutating func readContentLength(
        _ field: FieldLine, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState
    ) throws(RouterError) {
        guard fields.contentLength == nil else { throw RouterError(.badRequest, "Content-Length is repeated.") }
        guard let length = HTTPBytes.decimal(bytes, field.value) else {
            throw RouterError(.badRequest, "Content-Length is not a number of bytes.")
        }
        fields.contentLength = length
        dropped.append(field.whole)
    }

    private mutating func readTransferEncoding(
        _ field: FieldLine, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState
    ) throws(RouterError) {
        guard !fields.isChunked, HTTPBytes.matches(bytes, field.value, "chunked") else {
            throw RouterError(.badRequest, "The only transfer coding taken is a single chunked.")
        }
        fields.isChunked = true
        dropped.append(field.whole)
    }

    // MARK: What they say together

    private mutating func settle(
        _ fields: FieldState, _ bytes: UnsafeRawBufferPointer, absoluteAuthority: Range<Int>
    ) throws(RouterError) {
        if fields.isChunked {
            guard fields.contentLength == nil else {
                throw RouterError(.badRequest, "Content-Length and Transfer-Encoding exclude each other.")
            }
            guard minorVersion == 1 else { throw RouterError(.badRequest, "HTTP/1.0 has no chunked bodies.") }
            framing = .chunked
        } else if let length = fields.contentLength {
            framing = .length(length)
        }
        guard fields.hostCount == 1 || (fields.hostCount == 0 && minorVersion == 0) else {
            throw RouterError(.badRequest, fields.hostCount == 0 ? "The Host field is missing." : "Host is repeated.")
        }
        if !absoluteAuthority.isEmpty {
            guard fields.hostCount == 0 || Self.equalIgnoringCase(bytes, absoluteAuthority, host) else {
                throw RouterError(.badRequest, "The URL in the request line and Host name different hosts.")
            }
            host = absoluteAuthority
        }
        keepAlive = minorVersion == 1 && !fields.saysClose
        upgradesToWebSocket =
            fields.saysUpgrade && fields.upgradesToWebSocket && method == .get && minorVersion == 1 && framing == .none
        expectsContinue = expectsContinue && minorVersion == 1 && framing != .none && framing != .length(0)
    }

    private static func equalIgnoringCase(
        _ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>
    ) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { HTTPBytes.lowerCased(bytes[$0]) == HTTPBytes.lowerCased(bytes[$1]) }
    }

    /// Adds the lines that `Connection` names to those that are not forwarded.
    private mutating func dropNamed(
        by connection: [Range<Int>], _ bytes: UnsafeRawBufferPointer, lines: HeadScanner, tokens: HTTPBytes.TokenClass
    ) throws(RouterError) {
        var dropped = self.dropped
        for value in connection {
            try HTTPBytes.forEachMember(bytes, value) { option throws(RouterError) in
                for index in 1..<lines.lineCount {
                    let field = try FieldLine(bytes, line: lines.line(index), tokens: tokens)
                    guard Self.equalIgnoringCase(bytes, field.name, option), !dropped.contains(field.whole) else {
                        continue
                    }
                    dropped.append(field.whole)
                }
            }
        }
        dropped.sort { $0.lowerBound < $1.lowerBound }
        self.dropped = dropped
    }
}

extension HTTPBytes {
    /// A number of 1 to 18 decimal digits and nothing else.
    static func decimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard (1...18).contains(range.count) else { return nil }
        var value = 0
        for index in range {
            guard isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }
}
