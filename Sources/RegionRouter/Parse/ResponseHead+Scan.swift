extension ResponseHead {
    /// Reads a complete head whose lines `lines` has found.
    ///
    /// - Parameters:
    ///   - method: of the request that it answers; a HEAD has no body whatever the fields say.
    ///   - isPeers: it is a peer's: what it says in the gateway's name is believed.
    /// - Throws: ``RouterError`` with `appBadResponse`.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, lines: HeadScanner, end: Int, answering method: RequestHead.Method,
        isPeers: Bool = false
    ) throws(RouterError) {
        // Taken out first: a list that two own would be made anew instead of being emptied.
        var dropped: [Range<Int>] = []
        swap(&dropped, &self.dropped)
        dropped.removeAll(keepingCapacity: true)
        self = ResponseHead()
        self.dropped = dropped
        self.end = end
        let minorVersion = try readStatusLine(bytes, lines.line(0))
        fieldsStart = lines.line(0).upperBound + 2
        var fields = FieldState()
        let tokens = HTTPBytes.TokenClass()
        for index in 1..<max(lines.lineCount, 1) {
            let field: FieldLine
            do { field = try FieldLine(bytes, line: lines.line(index), tokens: tokens) } catch {
                throw Self.fault(error.detail)
            }
            try read(field, bytes, &fields, isPeers)
        }
        try settle(fields, minorVersion: minorVersion, answering: method)
        if fields.namesOthers { try dropNamed(by: fields.connection, bytes, lines: lines, tokens: tokens) }
    }

    private struct FieldState {
        var contentLength: Int?
        var contentLengthLine: Range<Int> = 0..<0
        var isChunked = false
        var saysClose = false
        var saysKeepAlive = false
        var saysUpgrade = false
        var upgradesToWebSocket = false
        var namesOthers = false
        var connection: [Range<Int>] = []
    }

    static func fault(_ detail: String) -> RouterError {
        RouterError(.appBadResponse, origin: .app, "The app instance broke HTTP's rules: \(detail)")
    }

    /// - Returns: the minor version.
    private mutating func readStatusLine(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(RouterError) -> Int
    {
        guard line.count >= 12, HTTPBytes.equals(bytes, line.lowerBound..<line.lowerBound + 7, "HTTP/1.") else {
            throw Self.fault("its status line does not begin with HTTP/1.1 and a code.")
        }
        let version = bytes[line.lowerBound + 7]
        let code = line.lowerBound + 9..<line.lowerBound + 12
        guard version == UInt8(ascii: "1") || version == UInt8(ascii: "0"),
            bytes[line.lowerBound + 8] == HTTPBytes.space, let status = HTTPBytes.decimal(bytes, code),
            (100..<600).contains(status),
            line.count == 12 || bytes[line.lowerBound + 12] == HTTPBytes.space
        else { throw Self.fault("its status line is malformed.") }
        self.status = status
        statusText = line.lowerBound + 8..<line.upperBound
        return version == UInt8(ascii: "1") ? 1 : 0
    }

    private mutating func read(
        _ field: FieldLine, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState, _ isPeers: Bool
    ) throws(RouterError) {
        func named(_ text: StaticString) -> Bool { HTTPBytes.matches(bytes, field.name, text) }
        switch field.name.count {
        case 7 where named("upgrade"):
            fields.upgradesToWebSocket = HTTPBytes.matches(bytes, field.value, "websocket")
            dropped.append(field.whole)
        case 7 where named("trailer"): dropped.append(field.whole)
        case 10 where named("connection"):
            try readConnection(field.value, bytes, &fields)
            dropped.append(field.whole)
        case 10 where named("keep-alive"): dropped.append(field.whole)
        case 14 where named("content-length"):
            guard fields.contentLength == nil else { throw Self.fault("Content-Length is repeated.") }
            guard let length = HTTPBytes.decimal(bytes, field.value) else {
                throw Self.fault("Content-Length is not a number of bytes.")
            }
            fields.contentLength = length
            fields.contentLengthLine = field.whole
        case 17 where named("transfer-encoding"):
            guard !fields.isChunked, HTTPBytes.matches(bytes, field.value, "chunked") else {
                throw Self.fault("its transfer coding is not a single chunked.")
            }
            fields.isChunked = true
            dropped.append(field.whole)
        case 16 where named("proxy-connection"): dropped.append(field.whole)
        default:
            // What the gateway says of itself, only the gateway says.
            guard HTTPBytes.hasPrefix(bytes, field.name, "x-residency-") else { return }
            if isPeers {
                if named("x-residency-error") { return }
                if named("x-residency-peer") { peer = field.value }
            }
            dropped.append(field.whole)
        }
    }

    private func readConnection(
        _ value: Range<Int>, _ bytes: UnsafeRawBufferPointer, _ fields: inout FieldState
    ) throws(RouterError) {
        // What nearly every app says.
        if HTTPBytes.matches(bytes, value, "keep-alive") {
            fields.saysKeepAlive = true
            return
        }
        var state = fields
        try HTTPBytes.forEachMember(bytes, value) { option throws(RouterError) in
            if HTTPBytes.matches(bytes, option, "close") {
                state.saysClose = true
            } else if HTTPBytes.matches(bytes, option, "keep-alive") {
                state.saysKeepAlive = true
            } else if HTTPBytes.matches(bytes, option, "upgrade") {
                state.saysUpgrade = true
            } else {
                state.namesOthers = true
            }
        }
        fields = state
        fields.connection.append(value)
    }

    private mutating func settle(
        _ fields: FieldState, minorVersion: Int, answering method: RequestHead.Method
    ) throws(RouterError) {
        guard !(fields.isChunked && fields.contentLength != nil) else {
            throw Self.fault("Content-Length and Transfer-Encoding exclude each other.")
        }
        guard !(fields.isChunked && minorVersion == 0) else { throw Self.fault("HTTP/1.0 has no chunked bodies.") }
        keepAlive = minorVersion == 1 ? !fields.saysClose : fields.saysKeepAlive && !fields.saysClose
        upgradesToWebSocket = status == 101 && fields.saysUpgrade && fields.upgradesToWebSocket
        let hasNoBody = status < 200 || status == 204
        if hasNoBody || status == 304 || method == .head {
            framing = .none
            // A length on a response that never has a body could be taken for one.
            if hasNoBody, fields.contentLength != nil { drop(fields.contentLengthLine) }
        } else if fields.isChunked {
            framing = .chunked
        } else if let length = fields.contentLength {
            framing = .length(length)
        } else {
            framing = .close
            keepAlive = false
        }
    }

    private mutating func drop(_ line: Range<Int>) {
        guard !dropped.contains(line) else { return }
        dropped.append(line)
        dropped.sort { $0.lowerBound < $1.lowerBound }
    }

    private mutating func dropNamed(
        by connection: [Range<Int>], _ bytes: UnsafeRawBufferPointer, lines: HeadScanner, tokens: HTTPBytes.TokenClass
    ) throws(RouterError) {
        var named: [Range<Int>] = []
        for value in connection {
            try HTTPBytes.forEachMember(bytes, value) { option throws(RouterError) in
                guard !HTTPBytes.matches(bytes, option, "content-length") else {
                    throw Self.fault("Connection names Content-Length.")
                }
                for index in 1..<lines.lineCount {
                    guard let field = try? FieldLine(bytes, line: lines.line(index), tokens: tokens),
                        field.name.count == option.count,
                        zip(field.name, option).allSatisfy({
                            HTTPBytes.lowerCased(bytes[$0]) == HTTPBytes.lowerCased(bytes[$1])
                        })
                    else { continue }
                    named.append(field.whole)
                }
            }
        }
        for line in named { drop(line) }
    }
}
