import NIOCore
import NIOHPACK

/// An HTTP/2 client over TLS that sends the frames it is told to, however wrong they are.
package final class HTTP2Client {
    /// What has come for a stream.
    package struct Answer: Sendable {
        package var status = 0
        /// Statuses of 1xx.
        package var interim: [Int] = []
        package var fields: [String: String] = [:]
        package var body: [UInt8] = []
        package var hasEnded = false
        /// The code of a RST_STREAM.
        package var reset: UInt32?

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package enum Kind: UInt8, Sendable {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    private let socket: TLSSocket
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var nextStream: UInt32 = 1
    private var answers: [UInt32: Answer] = [:]
    /// The code of the last GOAWAY.
    package private(set) var goAway: UInt32?
    /// What has come, for the message of a failure.
    private var seen: [String] = []
    /// Whether streams get more room as they use it up.
    package var opensWindows = true

    /// Connects and says the preface.
    package init(port: Int, serverName: String = "eu.example.com", authority: String) throws {
        socket = try TLSSocket(port: port, serverName: serverName, authority: authority, protocols: ["h2"])
        guard socket.applicationProtocol == "h2" else { throw TLSSocket.Failure(description: "h2 was not taken") }
        try socket.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        try send(.settings)
    }

    package static func fields(
        _ method: String = "GET", _ path: String = "/echo", authority: String = "eu.example.com"
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", authority)]
    }

    // MARK: Sending

    package func send(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) throws {
        try socket.send(Self.frame(kind, flags: flags, stream: stream, payload))
    }

    package func sendRaw(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    package static func frame(_ kind: Kind, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = UInt32(payload.count)
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), kind.rawValue, flags]
            + bytes(of: stream) + payload
    }

    package static func bytes(of number: UInt32) -> [UInt8] {
        [UInt8(number >> 24 & 255), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    /// The block of some fields, as it stands in a HEADERS frame: each as it is (RFC 7541 §6.2.2), whatever it is.
    package static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + literal($0.0) + literal($0.1) }
    }

    /// A string without compression (RFC 7541 §5.2).
    package static func literal(_ text: String) -> [UInt8] {
        var rest = text.utf8.count
        guard rest >= 127 else { return [UInt8(rest)] + text.utf8 }
        var count: [UInt8] = [127]
        rest -= 127
        while rest >= 128 {
            count.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return count + [UInt8(rest)] + text.utf8
    }

    /// Opens a stream.
    package func begin(_ fields: [(String, String)], ends: Bool = true) throws -> UInt32 {
        try begin(block: Self.block(fields), ends: ends)
    }

    package func begin(block: [UInt8], ends: Bool = true) throws -> UInt32 {
        defer { nextStream += 2 }
        let pieces = stride(from: 0, to: block.count, by: 16_384).map {
            Array(block[$0..<min($0 + 16_384, block.count)])
        }
        for (index, piece) in pieces.enumerated() {
            let isLast: UInt8 = index == pieces.count - 1 ? 0x4 : 0
            let isEnd: UInt8 = index == 0 && ends ? 0x1 : 0
            try send(index == 0 ? .headers : .continuation, flags: isLast | isEnd, stream: nextStream, piece)
        }
        return nextStream
    }

    package func data(_ text: String, on stream: UInt32, ends: Bool) throws {
        try send(.data, flags: ends ? 1 : 0, stream: stream, Array(text.utf8))
    }

    /// A whole request, and what comes of it.
    package func call(_ fields: [(String, String)], body: String? = nil) throws -> Answer {
        let stream = try begin(fields, ends: body == nil)
        if let body { try data(body, on: stream, ends: true) }
        return try answer(stream)
    }

    // MARK: Receiving

    /// Reads until the stream is over.
    package func answer(_ stream: UInt32) throws -> Answer {
        while true {
            if let answer = answers[stream], answer.hasEnded || answer.reset != nil { return answer }
            try readFrame()
        }
    }

    /// What has come for a stream so far.
    package func answers(_ stream: UInt32) -> Answer { answers[stream] ?? Answer() }

    /// Reads until the connection's farewell has come, and returns its code.
    package func farewell() throws -> UInt32 {
        while true {
            if let goAway { return goAway }
            try readFrame()
        }
    }

    /// Reads until the connection is closed.
    package func readToEnd() {
        while (try? readFrame()) != nil {}
    }

    /// One frame.
    package func readFrame() throws {
        let head: [UInt8]
        do {
            head = try socket.receive(count: 9)
        } catch {
            throw TLSSocket.Failure(description: "\(error); before came \(seen.joined(separator: ", "))")
        }
        let payload = try socket.receive(count: Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]))
        let stream = Self.number(head[5...]) & 0x7FFF_FFFF
        seen.append("\(Kind(rawValue: head[3]).map { "\($0)" } ?? "?") \(head[4]) on \(stream)")
        switch Kind(rawValue: head[3]) {
        case .headers: try readFields(payload, stream)
        case .data:
            answers[stream, default: Answer()].body += payload
            if opensWindows, !payload.isEmpty {
                try? send(.windowUpdate, Self.bytes(of: UInt32(payload.count)))
                if head[4] & 1 == 0 { try? send(.windowUpdate, stream: stream, Self.bytes(of: UInt32(payload.count))) }
            }
        case .reset: answers[stream, default: Answer()].reset = Self.number(payload[...])
        case .goAway: goAway = Self.number(payload.dropFirst(4))
        case .settings where head[4] & 1 == 0: try? send(.settings, flags: 1)
        case .ping where head[4] & 1 == 0: try? send(.ping, flags: 1, payload)
        default: break
        }
        if head[3] <= 1, head[4] & 1 == 1 { answers[stream, default: Answer()].hasEnded = true }
    }

    private func readFields(_ payload: [UInt8], _ stream: UInt32) throws {
        var buffer = ByteBuffer(bytes: payload)
        var answer = answers[stream] ?? Answer()
        for (name, value, _) in try decoder.decodeHeaders(from: &buffer) {
            if name == ":status", let status = Int(value) {
                if status < 200 { answer.interim.append(status) } else { answer.status = status }
            } else {
                answer.fields[name] = answer.fields[name].map { "\($0), \(value)" } ?? value
            }
        }
        answers[stream] = answer
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
