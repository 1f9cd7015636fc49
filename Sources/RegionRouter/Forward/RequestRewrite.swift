import NIOCore

/// The head that goes to the app: the client's own lines, byte for byte, without those that end here, and with the
/// gateway's.
struct RequestRewrite {
    /// The body as it is sent on; a body the gateway has read whole has a length, whatever it came with.
    let framing: RequestHead.Framing
    /// The value of `Host`.
    let host: UnsafeRawBufferPointer
    /// `X-Forwarded-*`, `Forwarded`, `Via`.
    let originLines: [UInt8]
    /// `X-Residency-*`.
    let residencyLines: [UInt8]
    let requestID: RequestID
    let trace: TraceContext

    /// - Returns: `false` when the head did not fit into the room reckoned for it, which would be a fault of ours.
    func write(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead, into buffer: inout ByteBuffer) -> Bool {
        let room = head.end + host.count + originLines.count + residencyLines.count + 512
        return buffer.writeHead(room: room) { writer in
            writer.write(bytes, head.methodRange)
            writer.write(byte: HTTPBytes.space)
            writer.write(bytes, head.path)
            if head.hasQuery {
                writer.write(byte: UInt8(ascii: "?"))
                writer.write(bytes, head.query)
            }
            writer.write(" HTTP/1.1\r\nHost: ")
            writer.write(host)
            writer.write("\r\n")
            writer.writeLines(bytes, from: head.fieldsStart, to: head.end, without: head.dropped)
            switch framing {
            case .none: break
            case .length(let length):
                writer.write("Content-Length: ")
                writer.write(decimal: length)
                writer.write("\r\n")
            case .chunked:
                writer.write("Transfer-Encoding: chunked\r\n")
            }
            writer.write(originLines)
            writer.write("X-Request-Id: ")
            requestID.write(to: &writer, bytes)
            writer.write("\r\ntraceparent: ")
            trace.write(to: &writer, bytes)
            writer.write("\r\n")
            writer.write(residencyLines)
            if head.upgradesToWebSocket { writer.write("Connection: Upgrade\r\nUpgrade: websocket\r\n") }
            writer.write("\r\n")
        }
    }
}
