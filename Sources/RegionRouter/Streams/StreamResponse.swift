package import NIOCore
package import NIOHPACK

/// Reads the HTTP/1.1 bytes of one answer, as they are written for a client, and gives out what an HTTP/2 stream sends
/// of them.
package struct StreamResponse {
    package enum Part: Equatable {
        /// A 1xx; the final head is still to come.
        case interim(HPACKHeaders)
        /// The final head; nothing follows where it `ends`.
        case head(HPACKHeaders, ends: Bool)
        case data(ByteBuffer, ends: Bool)
    }

    private enum Phase {
        case head
        case length(Int)
        case chunked(ChunkedScanner)
        /// Ends when the connection would.
        case close
        case ended
    }

    private let method: RequestHead.Method
    private let limits: HTTPLimits
    private var phase = Phase.head
    private var input = ByteBuffer()
    private var lines = HeadScanner()
    private var head = ResponseHead()

    /// - Parameter isHead: the answer to a HEAD has no body.
    package init(isHead: Bool, limits: HTTPLimits) {
        method = isHead ? .head : .get
        self.limits = limits
    }

    /// The last part has been given out.
    package var hasEnded: Bool { if case .ended = phase { true } else { false } }

    package mutating func append(_ data: ByteBuffer) {
        if input.readableBytes == 0 { input = data } else { input.writeImmutableBuffer(data) }
    }

    /// The next part of what has come; `nil` when more must come first.
    /// - Throws: when the bytes are no answer, which would be a fault of ours.
    package mutating func next() throws(RouterError) -> Part? {
        guard input.readableBytes > 0 else { return nil }
        switch phase {
        case .head: return try readHead()
        case .length(let remaining):
            guard let data = input.readSlice(length: min(remaining, input.readableBytes)) else { return nil }
            let left = remaining - data.readableBytes
            phase = left == 0 ? .ended : .length(left)
            return .data(data, ends: left == 0)
        case .chunked(let scanner): return try readChunk(scanner)
        case .close:
            defer { input = ByteBuffer() }
            return .data(input, ends: false)
        case .ended:
            throw Self.fault
        }
    }

    /// Where the connection would end.
    /// - Returns: whether the answer is whole.
    package mutating func end() -> Bool {
        guard case .close = phase else { return hasEnded }
        phase = .ended
        return true
    }

    private static var fault: RouterError {
        RouterError(.internalFault, origin: .gateway, "The answer could not be written as HTTP/2.")
    }

    private mutating func readHead() throws(RouterError) -> Part? {
        var (lines, head) = (self.lines, self.head)
        let (limits, method) = (self.limits, self.method)
        let result = input.withUnsafeReadableBytes { bytes -> Result<HPACKHeaders?, RouterError> in
            do throws(RouterError) {
                // The gateway's own lines come on top of what the app may send.
                let progress = try lines.scan(bytes, maxBytes: limits.responseHeadBytes + 16_384, maxFields: 10_000)
                guard case .complete(let end) = progress else { return .success(nil) }
                try head.read(bytes, lines: lines, end: end, answering: method)
                return .success(try Self.fields(bytes, lines, status: head.status))
            } catch {
                return .failure(error)
            }
        }
        (self.lines, self.head) = (lines, head)
        guard let fields = try result.get() else { return nil }
        self.lines.reset()
        input.moveReaderIndex(forwardBy: head.end)
        if head.isInterim { return .interim(fields) }
        switch head.framing {
        case .none, .length(0): phase = .ended
        case .length(let length): phase = .length(length)
        case .chunked: phase = .chunked(ChunkedScanner(maxLineBytes: limits.chunkLineBytes))
        case .close: phase = .close
        }
        return .head(fields, ends: hasEnded)
    }

    private static func fields(
        _ bytes: UnsafeRawBufferPointer, _ lines: HeadScanner, status: Int
    ) throws(RouterError) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(lines.lineCount)
        fields.add(name: ":status", value: String(status))
        let tokens = HTTPBytes.TokenClass()
        for index in 1..<max(lines.lineCount, 1) {
            let field = try FieldLine(bytes, line: lines.line(index), tokens: tokens)
            if belongsToConnection(bytes, field.name) { continue }
            let name = HTTPBytes.text(bytes, field.name).lowercased()
            // A cookie in the table of one client's fields would be there for a guess (RFC 7541 §7.1.3).
            let indexing: HPACKIndexing = name == "set-cookie" ? .neverIndexed : .indexable
            fields.add(name: name, value: HTTPBytes.text(bytes, field.value), indexing: indexing)
        }
        return fields
    }

    /// RFC 9113 §8.2.2.
    private static func belongsToConnection(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>) -> Bool {
        func named(_ text: StaticString) -> Bool { HTTPBytes.matches(bytes, name, text) }
        return switch name.count {
        case 7: named("upgrade")
        case 10: named("connection") || named("keep-alive")
        case 16: named("proxy-connection")
        case 17: named("transfer-encoding")
        default: false
        }
    }

    private mutating func readChunk(_ scanner: ChunkedScanner) throws(RouterError) -> Part? {
        var scanner = scanner
        var offset = 0
        let step = input.withUnsafeReadableBytes { bytes in try? scanner.next(bytes, from: &offset) }
        switch step {
        case .data(let range):
            phase = .chunked(scanner)
            input.moveReaderIndex(forwardBy: range.lowerBound)
            guard let data = input.readSlice(length: range.count) else { throw Self.fault }
            return .data(data, ends: false)
        case .needMore:
            phase = .chunked(scanner)
            input.moveReaderIndex(forwardBy: offset)
            return nil
        case .end:
            phase = .ended
            input.moveReaderIndex(forwardBy: offset)
            return .data(ByteBuffer(), ends: true)
        case nil:
            throw Self.fault
        }
    }
}
