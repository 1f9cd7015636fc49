import Foundation

/// A blocking TCP client that sends and receives bytes just as it is told: what a test, or an attacker, needs to say
/// things that no HTTP client would. Every wait is bounded.
package final class RawSocket {
    private let descriptor: Int32
    private var received: [UInt8] = []

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter timeout: seconds any single read or write may take.
    package init(port: Int, timeout: Int = 10) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // All that is stored has its value by now, so `deinit` runs for a thrown error too, and closes the descriptor:
        // closed here as well, its number might be somebody else's by then.
        guard result == 0 else {
            throw Failure(description: "no connection to port \(port): errno \(errno)")
        }
    }

    deinit { Glibc.close(descriptor) }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure(description: "could not send: errno \(errno)") }
            offset += sent
        }
    }

    /// No more will be sent; the other side sees the end.
    package func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The connection goes without a farewell: the other side sees a reset.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// What has come, up to and with `mark`; waits for it.
    package func receive(until mark: String) throws -> String {
        let wanted = Array(mark.utf8)
        while true {
            if let end = Self.end(of: wanted, in: received) {
                defer { received.removeFirst(end) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard try receiveMore() else {
                throw Failure(
                    description:
                        "closed before \(mark.debugDescription) came; got \(String(decoding: received, as: UTF8.self))")
            }
        }
    }

    package func receive(count: Int) throws -> [UInt8] {
        while received.count < count {
            guard try receiveMore() else {
                throw Failure(description: "closed after \(received.count) of \(count) bytes")
            }
        }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// Everything until the other side closes.
    package func receiveAll() throws -> String {
        while try receiveMore() {}
        defer { received.removeAll() }
        return String(decoding: received, as: UTF8.self)
    }

    /// One response with a `Content-Length`, chunked or no body.
    package func receiveResponse(hasBody: Bool = true) throws -> RawResponse {
        let head = try receive(until: "\r\n\r\n")
        var response = RawResponse(head: head)
        guard hasBody, response.status >= 200, response.status != 204, response.status != 304 else { return response }
        if let length = response.field("content-length").flatMap({ Int($0) }) {
            response.body = try receive(count: length)
        } else if response.field("transfer-encoding") == "chunked" {
            while true {
                // CRLF is one character to Swift.
                let line = try receive(until: "\r\n").dropLast()
                guard let size = Int(line, radix: 16) else { throw Failure(description: "bad chunk size \(line)") }
                response.body += try receive(count: size)
                _ = try receive(count: 2)
                if size == 0 { break }
            }
        } else {
            response.body = Array(try receiveAll().utf8)
        }
        return response
    }

    /// - Returns: `false` at the end of the stream; a reset counts as the end.
    private func receiveMore() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            received += buffer[..<count]
            return true
        }
        if count == 0 || errno == ECONNRESET { return false }
        throw Failure(
            description: "nothing came in time: errno \(errno); so far \(String(decoding: received, as: UTF8.self))")
    }

    private static func end(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        for start in 0...(bytes.count - mark.count) where bytes[start..<start + mark.count].elementsEqual(mark) {
            return start + mark.count
        }
        return nil
    }
}

/// A response as it came, its head split into fields.
package struct RawResponse: Sendable {
    package let head: String
    package var body: [UInt8] = []

    package init(head: String) { self.head = head }

    package var status: Int {
        let parts = head.split(separator: " ", maxSplits: 2)
        return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a field, its name in lower case; `nil` where there is none.
    package func field(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
            return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}
