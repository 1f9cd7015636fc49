import NIOCore

extension HostResponse {
    /// The whole response.
    /// - Parameter ownLines: more fields, each with its CRLF.
    func bytes(closes: Bool, omitsBody: Bool, ownLines: String) -> ByteBuffer {
        var head = "HTTP/1.1 \(status) \(RouterError.reason(status))\r\n"
        if status != 204 {
            head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
        }
        head += ownLines
        if closes { head += "Connection: close\r\n" }
        var buffer = ByteBuffer(string: head + "\r\n")
        if !omitsBody, status != 204 { buffer.writeBytes(body) }
        return buffer
    }
}
