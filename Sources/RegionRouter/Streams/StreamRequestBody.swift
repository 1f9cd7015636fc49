package import NIOCore

/// The body of an HTTP/2 request, in the framing that its HTTP/1.1 head has promised.
package struct StreamRequestBody {
    private var framing: RequestHead.Framing
    /// The stream's end has come, or no body was promised.
    package private(set) var hasEnded: Bool

    package init(_ framing: RequestHead.Framing) {
        self.framing = framing
        hasEnded = framing == .none
    }

    /// What goes on of a DATA frame; `nil` for nothing.
    /// - Throws: when there is more, or at the end less, than `content-length` has said.
    package mutating func take(_ data: ByteBuffer, endsStream: Bool) throws(StreamFault) -> ByteBuffer? {
        guard !hasEnded else { throw StreamFault("Data follows the end of the body.") }
        var result: ByteBuffer?
        switch framing {
        case .none:
            break
        case .length(let remaining):
            let left = remaining - data.readableBytes
            guard left >= 0 else { throw StreamFault("The body is longer than Content-Length says.") }
            framing = .length(left)
            if data.readableBytes > 0 { result = data }
        case .chunked:
            if data.readableBytes > 0 { result = Self.chunk(data) }
        }
        guard endsStream else { return result }
        return try end(after: result)
    }

    /// The stream has ended, with data or with trailers; those are not passed on.
    package mutating func end() throws(StreamFault) -> ByteBuffer? { try end(after: nil) }

    private mutating func end(after data: ByteBuffer?) throws(StreamFault) -> ByteBuffer? {
        guard !hasEnded else { throw StreamFault("The body ends twice.") }
        hasEnded = true
        switch framing {
        case .none: return data
        case .length(let remaining):
            guard remaining == 0 else { throw StreamFault("The body is shorter than Content-Length says.") }
            return data
        case .chunked:
            var all = data ?? ByteBuffer()
            all.writeStaticString("0\r\n\r\n")
            return all
        }
    }

    private static func chunk(_ data: ByteBuffer) -> ByteBuffer {
        var chunk = ByteBufferAllocator().buffer(capacity: data.readableBytes + 24)
        chunk.writeString(String(data.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(data)
        chunk.writeStaticString("\r\n")
        return chunk
    }
}
