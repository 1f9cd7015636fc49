import NIOCore

/// One connection of a ``ScriptedInstance``. Reads requests leniently: what the gateway sends is for the test to judge.
final class ScriptedInstanceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let name: String
    private let scripts: [String: String]
    private let requests: InstanceRequests
    private var input = ""
    private var last = ""
    private var isTunnel = false
    private var hasAnsweredEarly = false

    init(name: String, scripts: [String: String], requests: InstanceRequests) {
        self.name = name
        self.scripts = scripts
        self.requests = requests
    }

    func channelActive(context: ChannelHandlerContext) { requests.connected() }

    func channelInactive(context: ChannelHandlerContext) { requests.add(.closed(after: last)) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        if isTunnel {
            context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
            return
        }
        // One character a byte, so that counts of bytes are counts of characters.
        input += String(String.UnicodeScalarView(buffer.readableBytesView.map { Unicode.Scalar($0) }))
        while let (head, body) = nextRequest(context) { answer(head, body, context) }
    }

    private func nextRequest(_ context: ChannelHandlerContext) -> (head: String, body: String)? {
        guard let end = input.unicodeScalars.endOfHead else { return nil }
        let scalars = Array(input.unicodeScalars)
        let head = String(String.UnicodeScalarView(scalars[..<end]))
        if head.contains(" /early"), !hasAnsweredEarly {
            hasAnsweredEarly = true
            requests.add(.request(head))
            send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly", context)
        }
        let rest = scalars[end...]
        let lower = head.lowercased()
        if let length = lower.fieldValue("content-length").flatMap({ Int($0) }) {
            guard rest.count >= length else { return nil }
            input = String(String.UnicodeScalarView(rest.dropFirst(length)))
            return (head, String(String.UnicodeScalarView(rest.prefix(length))))
        }
        if lower.fieldValue("transfer-encoding") == "chunked" {
            var body = String.UnicodeScalarView()
            var left = rest
            while let lineEnd = left.firstIndex(of: "\n") {
                let line = String(String.UnicodeScalarView(left[left.startIndex..<lineEnd])).filter {
                    $0 != "\r" && $0 != "\r\n"
                }
                guard let size = Int(line, radix: 16), left.endIndex - lineEnd - 1 >= size + 2 else { return nil }
                body.append(contentsOf: left[(lineEnd + 1)..<(lineEnd + 1 + size)])
                left = left[(lineEnd + 1 + size + 2)...]
                if size == 0 {
                    input = String(String.UnicodeScalarView(left))
                    return (head, String(body))
                }
            }
            return nil
        }
        input = String(String.UnicodeScalarView(rest))
        return (head, "")
    }

    private func answer(_ head: String, _ body: String, _ context: ChannelHandlerContext) {
        guard !(head.contains(" /early") && hasAnsweredEarly) else {
            hasAnsweredEarly = false
            return
        }
        last = head
        let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
        // Who hears of the request may have it answered.
        if path.hasPrefix("/when-told") { keepAnswer(context) }
        requests.add(.request(head + body))
        if path.hasPrefix("/raw/"), let script = scripts[String(path.dropFirst(5).prefix { $0 != "?" })] {
            send(script, context)
            if script.hasSuffix("HANGUP") { context.close(promise: nil) }
        } else if path.hasPrefix("/silent") || path.hasPrefix("/when-told") {
            return
        } else if path.hasPrefix("/flood/"), let count = Int(path.dropFirst(7)) {
            send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n", context)
            flood(count, context)
        } else if path.hasPrefix("/websocket-flood/"), let count = Int(path.dropFirst(17)) {
            isTunnel = true
            send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", context)
            flood(count, context)
        } else if path.hasPrefix("/hangup") {
            context.close(promise: nil)
        } else if path.hasPrefix("/stream/"), let count = Int(path.dropFirst(8).prefix { $0 != "?" }) {
            stream(count, context)
        } else if path.hasPrefix("/websocket") {
            isTunnel = true
            send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", context)
        } else if path.hasPrefix("/echo") {
            let text = "\(name)\n\(head)\(body.unicodeScalars.count)"
            send(
                "HTTP/1.1 200 OK\r\nX-Instance: \(name)\r\nContent-Length: \(text.unicodeScalars.count)\r\n\r\n\(text)",
                context)
        } else {
            send("HTTP/1.1 200 OK\r\nX-Instance: \(name)\r\nContent-Length: 2\r\n\r\nok", context)
        }
    }

    /// Answers when the test says so.
    private func keepAnswer(_ context: ChannelHandlerContext) {
        let connection = NIOLoopBound(context, eventLoop: context.eventLoop)
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        requests.keep {
            eventLoop.execute {
                me.value.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlater", connection.value)
            }
        }
    }

    /// So many bytes, as fast as they are taken.
    private func flood(_ count: Int, _ context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        let requests = self.requests
        written.futureResult.whenComplete { result in
            if case .success = result {
                requests.add(.flooded(isComplete: true))
            } else {
                requests.add(.flooded(isComplete: false))
            }
        }
        let bytes = ByteBuffer(repeating: UInt8(ascii: "x"), count: count)
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: written)
    }

    private func stream(_ count: Int, _ context: ChannelHandlerContext) {
        var left = count
        var text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while left > 0 {
            let size = min(left, 10_000)
            text += String(size, radix: 16) + "\r\n" + String(repeating: "x", count: size) + "\r\n"
            left -= size
        }
        send(text + "0\r\n\r\n", context)
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        let end = text.hasSuffix("HANGUP") ? String(text.dropLast(6)) : text
        let bytes = ByteBuffer(bytes: end.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }
}

extension String.UnicodeScalarView {
    /// Where the first empty line ends, counted in bytes.
    fileprivate var endOfHead: Int? {
        let scalars = Array(self)
        guard scalars.count >= 4 else { return nil }
        for index in 0...(scalars.count - 4)
        where scalars[index] == "\r" && scalars[index + 1] == "\n" && scalars[index + 2] == "\r"
            && scalars[index + 3] == "\n"
        {
            return index + 4
        }
        return nil
    }
}

extension String {
    fileprivate func fieldValue(_ name: String) -> String? {
        for line in split(separator: "\r\n") where line.hasPrefix(name + ":") {
            return line.dropFirst(name.count + 1).filter { $0 != " " }
        }
        return nil
    }
}
