import NIOCore

/// One connection to an app instance or a peer: reads responses, strictly, and hands them to the exchange under way.
final class AppConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head
        case body(ResponseBody)
        case tunnel
        case closed
    }

    private let pool: InstancePool
    private let loop: RouterLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.idle
    private var exchange: Exchange?
    private var input = ByteBuffer()
    private var lines = HeadScanner()
    private var head = ResponseHead()
    private var interimCount = 0
    private var exchangeCount = 0
    /// Something of the answer under way has come, be it an interim response or part of a head.
    private var hasReceived = false
    /// The client is gone: what comes is read and dropped.
    private var isDraining = false
    private var readWaits = false
    private var isPaused = false
    private var failed = false
    /// Where the frames of a tunnel end that the app sends.
    private var frames = FrameBoundary()
    /// The gate has closed: the tunnel ends with the frame under way.
    private var endsTunnel = false
    /// Past it the exchange has timed out; `nil` while there is nothing to wait for.
    private var deadline: NIODeadline?
    /// Known to the pool, which is told when it closes.
    var wasPooled = false
    var slot = -1

    init(pool: InstancePool, loop: RouterLoop) {
        self.pool = pool
        self.loop = loop
    }

    /// The server at its other end.
    var server: UpstreamServer { pool.server }
    private var isTunnel: Bool { if case .tunnel = phase { true } else { false } }
    var isOpen: Bool { context?.channel.isActive ?? false }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    private var limits: HTTPLimits { loop.shared.limits }
    private var times: RouterTimes { loop.shared.times }

    // MARK: The exchange's side

    func begin(_ exchange: Exchange) {
        self.exchange = exchange
        phase = .head
        lines.reset()
        interimCount = 0
        exchangeCount += 1
        hasReceived = false
        isDraining = false
        frames = FrameBoundary()
        endsTunnel = false
    }

    func write(_ buffer: ByteBuffer) {
        context?.write(AppConnection.wrapOutboundOut(buffer), promise: nil)
    }

    /// A request that is one piece: written and flushed on one way through the channel.
    func writeWhole(_ request: ByteBuffer) {
        context?.writeAndFlush(AppConnection.wrapOutboundOut(request), promise: nil)
        deadline = loop.now + pool.responseTimeout
    }

    func flush(requestEnded: Bool) {
        // From here on the instance has the word; before that, only where it does not take what it is given.
        context?.flush()
        deadline = requestEnded || !isWritable ? loop.now + pool.responseTimeout : nil
    }

    func writeTunnel(_ data: ByteBuffer) {
        if !endsTunnel { deadline = .now() + times.tunnel }
        context?.writeAndFlush(AppConnection.wrapOutboundOut(data), promise: nil)
    }

    /// The exchange is over; the next may begin, if the instance keeps the connection.
    func exchangeFinished() {
        exchange = nil
        deadline = nil
        guard case .idle = phase, head.keepAlive, !failed, input.readableBytes == 0, !loop.isDraining else {
            return close()
        }
        setPaused(false)
        pool.release(self)
    }

    /// The tunnel ends where the frame ends that the app is sending, with a frame that says so.
    func closeTunnel() {
        guard isTunnel, !endsTunnel else { return }
        endsTunnel = true
        // A frame that does not end is cut.
        deadline = .now() + .seconds(1)
        if frames.isBetweenFrames { sayTunnelEnds() }
    }

    private func sayTunnelEnds() {
        // FIN, Close; two bytes; 1012: the service restarts, come back (RFC 6455 §7.4, IANA).
        var frame = ByteBuffer(bytes: [0x88, 0x02, 0x03, 0xF4])
        exchange?.client?.relay(&frame, flush: false)
        exchange?.tunnelClosedAtGate()
    }

    /// The client is gone and the app may be working on its request: its answer is read to the end and dropped.
    func drain() {
        isDraining = true
        deadline = .now() + times.appMaxRequest
        setPaused(false)
    }

    /// Nothing is to come of it any more.
    func abandon() {
        exchange = nil
        close()
    }

    func close() {
        phase = .closed
        deadline = nil
        context?.close(promise: nil)
    }

    func setPaused(_ paused: Bool) {
        guard isPaused != paused else { return }
        isPaused = paused
        // A reader that was paused starts to wait anew: the pause was not the instance's.
        if !paused, exchange != nil, !isDraining {
            deadline = .now() + (isTunnel ? times.tunnel : pool.responseTimeout)
        }
        if !paused, readWaits {
            readWaits = false
            context?.read()
        }
    }

    func sweep(now: NIODeadline) {
        // A paused reader is the client's doing, and has its own time-out.
        guard let deadline, now >= deadline, !isPaused else { return }
        self.deadline = nil
        if case .tunnel = phase { return exchange?.client?.closeNow() ?? close() }
        if isDraining { return giveUpDraining() }
        exchange?.appTimedOut()
    }

    private func giveUpDraining() {
        let exchange = self.exchange
        self.exchange = nil
        close()
        exchange?.drainTimedOut()
    }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if isPaused { readWaits = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = AppConnection.unwrapInboundIn(data)
        let now = loop.tick()
        if deadline != nil, !isDraining, !isTunnel { deadline = now + pool.responseTimeout }
        switch phase {
        case .idle, .closed:
            // Nobody asked: a response now would be taken for the next request's.
            close()
        case .tunnel:
            relayTunnel(&buffer)
        case .head, .body:
            hasReceived = true
            if input.readableBytes == 0 { input = buffer } else { input.writeBuffer(&buffer) }
            readResponse()
        }
    }

    /// Nobody stands behind this handler: the event ends here.
    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.client?.advance() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failed = true
        if server.kind == .peer, let reason = PeerFault.Reason(error) {
            let fault = PeerFault(reason, address: server.address.authority, isCaller: false)
            loop.shared.observer.observe(.peerFault(fault))
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.tick()
        loop.remove(self)
        let exchange = self.exchange
        self.exchange = nil
        let endedBody = endBodyWithConnection(exchange)
        phase = .closed
        deadline = nil
        if wasPooled { pool.closed(self) }
        if !endedBody { exchange?.appLeft(wasReused: exchangeCount > 1 && !hasReceived) }
    }

    /// A body that ends with the connection has ended, if the connection ended well.
    private func endBodyWithConnection(_ exchange: Exchange?) -> Bool {
        guard case .body(var body) = phase, !failed, let exchange else { return false }
        if case .tunnel = phase { return false }
        guard body.connectionEnded() else { return false }
        phase = .idle
        exchange.client?.relayEnd(chunked: body.isReframed)
        exchange.responseEnded()
        return true
    }

    // MARK: Responses

    private func readResponse() {
        while true {
            switch phase {
            case .head:
                do {
                    guard try readHead() else { return }
                } catch {
                    return fail(error)
                }
            case .body(var body):
                return readBody(&body)
            case .tunnel:
                guard input.readableBytes > 0 else { return }
                var rest = takeInput()
                return relayTunnel(&rest)
            case .idle, .closed:
                return
            }
        }
    }

    private func fail(_ error: RouterError) {
        let error = pool.server.error(.badResponse(error.detail))
        pool.noteFailure()
        let exchange = self.exchange
        self.exchange = nil
        close()
        exchange?.appBroke(error)
    }

    /// A client that does not take what it is given stops the reading here, as with a body.
    private func relayTunnel(_ data: inout ByteBuffer) {
        if !endsTunnel { deadline = .now() + times.tunnel }
        guard let client = exchange?.client else { return }
        let ends = endsTunnel
        let followed = data.withUnsafeReadableBytes { frames.follow($0, stopsAtEnd: ends) }
        if ends, followed < data.readableBytes { data = data.readSlice(length: followed) ?? ByteBuffer() }
        client.relay(&data, flush: true)
        if ends, frames.isBetweenFrames { return sayTunnelEnds() }
        if !client.isWritable { setPaused(true) }
    }

    private func takeInput() -> ByteBuffer {
        let taken = input
        input = ByteBuffer()
        return taken
    }

    /// - Returns: whether a head has been read; interim heads are passed on as they come.
    private func readHead() throws(RouterError) -> Bool {
        guard let exchange else { return false }
        let limits = self.limits
        let method = exchange.method
        let isPeers = pool.server.kind == .peer
        var stated: StatedPlacement?
        let result = input.withUnsafeReadableBytes { bytes -> Result<Bool, RouterError> in
            do throws(RouterError) {
                let progress: HeadScanner.Progress
                do throws(RouterError) {
                    progress = try lines.scan(bytes, maxBytes: limits.responseHeadBytes, maxFields: limits.headFields)
                } catch {
                    throw ResponseHead.fault(error.detail)
                }
                guard case .complete(let end) = progress else { return .success(false) }
                try head.read(bytes, lines: lines, end: end, answering: method, isPeers: isPeers)
                if isPeers { stated = StatedPlacement(head, bytes) }
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        guard try result.get() else { return false }
        if let stated { loop.learn(stated) }
        if head.isInterim {
            interimCount += 1
            guard interimCount <= 16 else { throw ResponseHead.fault("it sent more than 16 interim responses.") }
            // The gateway has answered the client's expectation itself.
            if head.status != 100, !exchange.holdsResponse { exchange.client?.relayInterim(input, head) }
            input.moveReaderIndex(forwardBy: head.end)
            lines.reset()
            return input.readableBytes > 0
        }
        return try takeFinalHead(exchange)
    }

    private func takeFinalHead(_ exchange: Exchange) throws(RouterError) -> Bool {
        if head.status == 101 {
            guard head.upgradesToWebSocket, exchange.client?.wantsWebSocket == true else {
                throw ResponseHead.fault("it switched protocols without being asked to.")
            }
            phase = .tunnel
            deadline = .now() + times.tunnel
        } else {
            phase = .body(ResponseBody(head.framing, client: exchange.client, limits: limits))
        }
        exchange.responseStarted()
        pool.noteSuccess()
        if exchange.holdsResponse {
            // The rest of the answer waits until the gateway has done what the app's status asks for.
            setPaused(true)
            exchange.responseIsHeld(status: head.status)
            return false
        }
        passOnHead(exchange)
        return true
    }

    private func passOnHead(_ exchange: Exchange) {
        // Only a body of unknown length can be an event stream.
        let isEventStream =
            (head.framing == .chunked || head.framing == .close)
            && input.withUnsafeReadableBytes { EventStream.isOne($0, head, lines) }
        exchange.client?.relayHead(input, head)
        input.moveReaderIndex(forwardBy: head.end)
        if case .tunnel = phase {
            exchange.client?.tunnelBegan()
            exchange.turnsInto(.tunnel)
        } else if isEventStream {
            exchange.turnsInto(.eventStream)
        }
    }

    /// What was held back may go on.
    func releaseHeldResponse() {
        guard let exchange else { return }
        passOnHead(exchange)
        setPaused(false)
        readResponse()
    }

    private func readBody(_ body: inout ResponseBody) {
        let client = exchange?.client
        let outcome = body.take(&input, to: client)
        phase = .body(body)
        switch outcome {
        case .needMore:
            client?.flushResponse()
            if client?.isWritable == false { setPaused(true) }
        case .end:
            phase = .idle
            client?.flushResponse()
            let exchange = self.exchange
            exchange?.responseEnded()
        case .fault(let detail):
            fail(ResponseHead.fault(detail))
        }
    }
}
