import NIOCore

/// The head that goes back to the client: the app's own lines, byte for byte, without those that end here.
struct ResponseRewrite {
    /// How the client learns where the body ends.
    enum Framing: Equatable {
        /// As the app said it: the length line is among its own lines.
        case asSent
        case chunked
        /// With the connection: for HTTP/1.0.
        case close
    }

    let framing: Framing
    /// Tells the client that this is the last response of the connection.
    let closes: Bool
    /// Lines of the gateway's own, each with its CRLF; mostly none.
    var ownLines: [UInt8] = []

    func write(_ bytes: UnsafeRawBufferPointer, _ head: ResponseHead, into buffer: inout ByteBuffer) -> Bool {
        buffer.writeHead(room: head.end + ownLines.count + 128) { writer in
            writer.write("HTTP/1.1")
            writer.write(bytes, head.statusText)
            writer.write("\r\n")
            writer.writeLines(bytes, from: head.fieldsStart, to: head.end, without: head.dropped)
            writer.write(ownLines)
            if framing == .chunked { writer.write("Transfer-Encoding: chunked\r\n") }
            if head.upgradesToWebSocket {
                writer.write("Connection: Upgrade\r\nUpgrade: websocket\r\n")
            } else if closes, !head.isInterim {
                writer.write("Connection: close\r\n")
            }
            writer.write("\r\n")
        }
    }
}
