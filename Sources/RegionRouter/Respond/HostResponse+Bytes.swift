import NIOCore

extension HostResponse {
    /// The whole response.
    func bytes(closes: Bool, omitsBody: Bool) -> ByteBuffer {
        var head = "HTTP/1.1 \(status) \(RouterError.reason(status))\r\n"
        if status != 204 {
            head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
        }
        if closes { head += "Connection: close\r\n" }
        var buffer = ByteBuffer(string: head + "\r\n")
        if !omitsBody, status != 204 { buffer.writeBytes(body) }
        return buffer
    }
}
