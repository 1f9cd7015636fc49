import NIOCore
import TenantDirectory

// The answer, on its way to the client.
extension ClientConnection {
    /// Up to here a piece of the body is copied behind its head, so that both go out in one write.
    private static var joinLimit: Int { 16 * 1024 }

    /// HTTP/1.1 clients take chunks; for others a body of unknown length ends with the connection.
    var takesChunks: Bool { head.minorVersion == 1 }

    var wantsWebSocket: Bool { head.upgradesToWebSocket }

    func relayHead(_ bytes: ByteBuffer, _ response: ResponseHead) {
        record.firstByteAt = loop.now
        record.status = response.status
        responseStarted = true
        let framing: ResponseRewrite.Framing
        switch response.framing {
        case .none, .length: framing = .asSent
        case .chunked, .close: framing = takesChunks ? .chunked : .close
        }
        if framing == .close || loop.isLeaving || mayKeepBody { keepAlive = false }
        var ownLines = self.ownLines
        if link.isPublicAndSecure, !saysTransportSecurity(bytes, response) {
            ownLines += loop.shared.transportSecurityLine
        }
        let rewrite = ResponseRewrite(framing: framing, closes: !keepAlive, ownLines: ownLines)
        pending.clear()
        let written = bytes.withUnsafeReadableBytes { rewrite.write($0, response, into: &pending) }
        if !written { closeNow() }
    }

    /// Whether the app says it itself: the field may stand there once (RFC 6797 §6.1).
    private func saysTransportSecurity(_ bytes: ByteBuffer, _ response: ResponseHead) -> Bool {
        guard !loop.shared.transportSecurityLine.isEmpty else { return true }
        let name: StaticString = "strict-transport-security"
        return bytes.withUnsafeReadableBytes { bytes in
            var start = response.fieldsStart
            while start < response.end {
                if HTTPBytes.hasPrefix(bytes, start..<response.end, name) { return true }
                while start < response.end, bytes[start] != HTTPBytes.lineFeed { start += 1 }
                start += 1
            }
            return false
        }
    }

    /// What the gateway's own answers say beside.
    private var securityLine: String {
        link.isPublicAndSecure ? String(decoding: loop.shared.transportSecurityLine, as: UTF8.self) : ""
    }

    func relayInterim(_ bytes: ByteBuffer, _ response: ResponseHead) {
        guard takesChunks else { return }
        var interim = ByteBuffer()
        let rewrite = ResponseRewrite(framing: .asSent, closes: false)
        guard bytes.withUnsafeReadableBytes({ rewrite.write($0, response, into: &interim) }) else { return }
        context?.writeAndFlush(ClientConnection.wrapOutboundOut(interim), promise: nil)
    }

    func relay(_ data: inout ByteBuffer, flush: Bool) {
        record.responseBytes += data.readableBytes
        write(data)
        if flush { flushResponse() }
    }

    func relayChunk(_ data: inout ByteBuffer) {
        record.responseBytes += data.readableBytes
        ChunkWriter.write(&data) { write($0) }
    }

    /// The body of unknown length is over.
    func relayEnd(chunked: Bool) {
        if chunked { write(ChunkWriter.end) }
        flushResponse()
    }

    func flushResponse() {
        guard pending.readableBytes > 0 else {
            context?.flush()
            return
        }
        let last = pending
        pendingIsTaken()
        context?.writeAndFlush(ClientConnection.wrapOutboundOut(last), promise: nil)
    }

    private func write(_ data: ByteBuffer) {
        if pending.readableBytes > 0 {
            if data.readableBytes <= Self.joinLimit {
                pending.writeImmutableBuffer(data)
                return
            }
            writePending()
        }
        context?.write(ClientConnection.wrapOutboundOut(data), promise: nil)
    }

    private func writePending() {
        let piece = pending
        pendingIsTaken()
        context?.write(ClientConnection.wrapOutboundOut(piece), promise: nil)
    }

    /// Read to its end and not cleared: the channel still holds it, and clearing would make new memory at once.
    private func pendingIsTaken() { pending.moveReaderIndex(forwardBy: pending.readableBytes) }

    // MARK: Its end

    /// Both sides of the exchange have ended.
    func exchangeFinished() {
        endRecord(status: record.status)
        nextRequest()
    }

    /// The exchange is over and there is no answer of the app's.
    func exchangeFailed(_ error: RouterError) {
        guard !responseStarted else { return closeNow() }
        respond(error)
    }

    /// The next request may begin, or the connection ends.
    func nextRequest() {
        responseStarted = false
        guard keepAlive, !loop.isDraining else { return endConnection() }
        phase = .head
        head.upgradesToWebSocket = false
        deadline = loop.now + times.keepAlive
        advance()
    }

    /// Answers with an error of the gateway's own.
    func respond(_ error: RouterError) {
        loop.shared.observer.observe(.refused(error.code))
        abandonForward(error)
        record.error = error.code
        let closes = mustCloseAfterAnswer
        write(
            error.response(
                requestID: record.requestID, closes: closes, omitsBody: head.method == .head, ownLines: securityLine),
            status: error.status,
            closes: closes)
    }

    /// Answers with a response of the gateway's own.
    func answer(_ response: HostResponse) {
        let closes = mustCloseAfterAnswer
        write(
            response.bytes(closes: closes, omitsBody: head.method == .head, ownLines: securityLine),
            status: response.status, closes: closes)
    }

    /// A body that is still to come is read and dropped where it is small and sure to come; else the connection ends.
    private var mustCloseAfterAnswer: Bool {
        guard keepAlive, !loop.isDraining else { return true }
        guard let remaining = body.remaining, !(head.expectsContinue && !saidContinue && remaining > 0) else {
            return true
        }
        return remaining > 64 * 1024
    }

    private func write(_ response: ByteBuffer, status: Int, closes: Bool) {
        unpark()
        record.firstByteAt = loop.tick()
        record.responseBytes += response.readableBytes
        consumeHead()
        context?.writeAndFlush(ClientConnection.wrapOutboundOut(response), promise: nil)
        endRecord(status: status)
        if closes {
            endConnection()
        } else if body.hasEnded {
            nextRequest()
        } else {
            beginDiscarding()
        }
    }

    /// A head that was answered without being forwarded is still at the beginning of `input`.
    private func consumeHead() {
        switch phase {
        case .head, .parked: input.moveReaderIndex(forwardBy: min(head.end, input.readableBytes))
        default: break
        }
    }

    /// Our side is closed once all is written; the other side gets a moment to read it. Closing with unread bytes in
    /// the socket would reset the connection, and the client might lose the answer.
    func endConnection() {
        keepAlive = false
        phase = .lingering
        deadline = .now() + .seconds(2)
        input.clear()
        context?.close(mode: .output, promise: nil)
    }

    func endRecord(status: Int) {
        record.status = status
        record.endedAt = loop.now
        loop.shared.observer.observe(
            .requestEnded(
                region: record.region?.code ?? "", route: record.route, status: status,
                totalMicroseconds: record.microseconds(to: record.endedAt) ?? 0))
        if loop.logsRequests { loop.log(record) }
    }
}
