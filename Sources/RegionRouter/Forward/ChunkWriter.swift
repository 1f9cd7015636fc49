import NIOCore

/// Puts data into chunks (RFC 9112 §7.1).
enum ChunkWriter {
    /// The last chunk, without trailers.
    static let end = ByteBuffer(string: "0\r\n\r\n")
    private static let lineEnd = ByteBuffer(string: "\r\n")
    /// Up to here the data is copied beside its frame; above, three buffers are cheaper.
    private static let copyLimit = 4_096

    /// Hands the pieces of one chunk to `write`. Empty data is no chunk: it would end the body.
    static func write(_ data: inout ByteBuffer, _ write: (ByteBuffer) -> Void) {
        guard data.readableBytes > 0 else { return }
        var frame = ByteBuffer()
        frame.writeString(String(data.readableBytes, radix: 16))
        frame.writeStaticString("\r\n")
        guard data.readableBytes > copyLimit else {
            frame.writeBuffer(&data)
            frame.writeStaticString("\r\n")
            return write(frame)
        }
        write(frame)
        write(data)
        write(lineEnd)
    }
}
