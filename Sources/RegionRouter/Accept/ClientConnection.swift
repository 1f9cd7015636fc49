import Glibc
import NIOCore
import NIOSSL
import TenantDirectory

/// One connection of a client: reads requests one after the other, has each decided (``Routing``), and writes the
/// answers. Belongs to one event loop, like the app connections it is joined with.
///
/// 1. Accept and Parse are here; the rest is in the extensions: `+Request` (deciding, parking), `+Body`, `+Response`,
///    `+Control` (what the gateway answers itself).
/// 2. One request is under way at a time; what a client pipelines waits in `input`, bounded.
/// 3. Whatever is waited for has a deadline, looked at by ``sweep(now:)``.
final class ClientConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// A PROXY protocol header is due.
        case proxyHeader
        /// A request head is due, or partly there.
        case head
        /// The head is complete and waits for a record or a key.
        case parked
        /// The gateway answers this one itself.
        case control(ControlCall)
        /// On its way to the app and back.
        case exchange(Exchange)
        /// The response is written; the rest of the request's body is read and dropped.
        case discarding
        case tunnel(Exchange)
        /// The last response is written and our side is closed; what still comes is dropped.
        case lingering
        case closed
    }

    let loop: RouterLoop
    let door: Door
    var context: ChannelHandlerContext?
    var phase: Phase { didSet { phaseChanges &+= 1 } }
    private var phaseChanges = 0
    private var isAdvancing = false
    var slot = -1
    /// What has been read and not yet been taken; while a head is being decided it begins with that head.
    var input = ByteBuffer()
    var lines = HeadScanner()
    var head = RequestHead()
    var body = RequestBody()
    /// The head as it went to the app, kept for a second try.
    var outgoing = ByteBuffer()
    /// Bytes of the value of `Host` in it.
    var outgoingHostCount = 0
    /// Written and not yet flushed: a response head that waits for the first piece of its body.
    var pending = ByteBuffer()
    var record = RequestRecord()
    var endpoint: PublicEndpoint?
    var tried = Routing.Tried()
    /// What the peer says that has passed the request on; always `nil` on the host's listener.
    var statement: PeerStatement?
    /// The line for a peer about its client; made when first needed.
    var peerOriginLine: [UInt8]?
    /// Until when the request waits for a newer record, and the error it gets then.
    var newsDue: (until: NIODeadline, error: RouterError)?
    /// Counts requests; an answer that comes for an earlier one is not taken.
    var requestNumber = 0
    /// Whether the connection takes another request after this one.
    var keepAlive = true
    /// The final response's first byte has been written.
    var responseStarted = false
    var saidContinue = false
    var isParked = false
    /// The node that has passed on the request which waits at a gate.
    var waitsFor: String?
    var parkedAt = NIODeadline.uptimeNanoseconds(0)
    /// How long the request has been parked so far.
    var waited = TimeAmount.zero
    /// Where it waits for a gate to open; it reads no more until then.
    var waitsAt: TenantEntry?
    /// A lifecycle call that has not got to the app yet: whoever answers it otherwise tells the gateway.
    var unsentForward: HostForward?
    var requestID = RequestID(value: 0)
    /// Lines of the gateway's own for the answer: the tenant cookie to a page the host has opened, and what a peer is
    /// told of a placement; mostly empty.
    var ownLines: [UInt8] = []
    /// The head of a call that the gateway has a part in.
    var controlHead = ByteBuffer()
    /// The whole body of such a call, on its way to the app.
    var heldBody: ByteBuffer?
    var deadline: NIODeadline?
    private var unwritableSince: NIODeadline?
    private var readWaits = false

    /// The address of the other end: the client's own, or a load balancer's.
    private let peer: IPAddress?
    let isTrustedPeer: Bool
    let link: ClientLink
    /// The client's address, where a PROXY header has named it.
    var clientAddress: String
    /// The host name of the last request, where it alone decides which public URL was called.
    var hostCache: (host: [UInt8], endpoint: PublicEndpoint)?
    /// The lines about the client for the app, as last made.
    var originCache: (host: [UInt8], lines: [UInt8])?

    init(loop: RouterLoop, peer: IPAddress?, link: ClientLink) {
        self.loop = loop
        door = link.door
        self.peer = peer
        self.link = link
        let listen = loop.shared.configuration.listen
        isTrustedPeer = link.door == .host && listen.isTrusted(peer)
        clientAddress = (link.client ?? peer)?.description ?? "unknown"
        phase = isTrustedPeer && listen.proxyProtocol && !link.proxyHeaderRead ? .proxyHeader : .head
    }

    var limits: HTTPLimits { loop.shared.limits }
    var times: RouterTimes { loop.shared.times }
    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        deadline = .now() + times.head
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        loop.tick()
        // By the class's name, here and below: for `Self`, known only as it runs, nothing generic is specialised.
        var buffer = ClientConnection.unwrapInboundIn(data)
        if input.readableBytes == 0 { input = buffer } else { input.writeBuffer(&buffer) }
        advance()
    }

    /// Reading stops while what was read is not taken: that is the back-pressure.
    func read(context: ChannelHandlerContext) {
        if input.readableBytes >= inputLimit || waitsAt != nil { readWaits = true } else { context.read() }
    }

    /// Nobody stands behind this handler: the event ends here.
    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            unwritableSince = nil
            exchange?.app?.setPaused(false)
        } else {
            unwritableSince = .now()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        loop.tick()
        let exchange = self.exchange
        let wasUnderWay = isRequestUnderWay
        unpark()
        abandonForward(RouterError(.appClosed, "The client left before the call could be forwarded."))
        phase = .closed
        requestNumber += 1
        deadline = nil
        input = ByteBuffer()
        if wasUnderWay { endRecord(status: record.status == 0 ? 499 : record.status) }
        exchange?.clientLeft()
        loop.remove(self)
    }

    // MARK: Going on

    /// Does what can be done with what is there. Whatever ends a request calls it; called from within itself, it leaves
    /// the work to the outer call, so that a client that pipelines does not deepen the stack.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        while input.readableBytes > 0 {
            let before = (input.readableBytes, phaseChanges)
            step()
            if before == (input.readableBytes, phaseChanges) { break }
        }
        isAdvancing = false
        // An idle connection keeps no memory.
        if input.readableBytes == 0, case .head = phase { input = ByteBuffer() }
        readIfWaiting()
    }

    private func step() {
        switch phase {
        case .proxyHeader: readProxyHeader()
        case .head: if readHead() { decide() }
        case .parked: break
        case .control: collectControlBody()
        case .exchange: pumpBody()
        case .discarding: pumpDiscarded()
        case .tunnel: pumpTunnel()
        case .lingering, .closed: input.clear()
        }
    }

    var isRequestUnderWay: Bool {
        switch phase {
        case .parked, .control, .exchange, .tunnel: true
        case .discarding, .proxyHeader, .head, .lingering, .closed: false
        }
    }

    var exchange: Exchange? {
        switch phase {
        case .exchange(let exchange), .tunnel(let exchange): exchange
        default: nil
        }
    }

    private var inputLimit: Int { limits.headBytes + 64 * 1024 }

    func readIfWaiting() {
        guard readWaits, input.readableBytes < inputLimit, waitsAt == nil else { return }
        readWaits = false
        context?.read()
    }

    private func readProxyHeader() {
        switch input.withUnsafeReadableBytes({ ProxyProtocolHeader.read($0) }) {
        case .incomplete: break
        case .malformed: closeNow()
        case .complete(let header):
            input.moveReaderIndex(forwardBy: header.length)
            if let source = header.source { clientAddress = source.description }
            phase = .head
        }
    }

    // MARK: Time

    func sweep(now: NIODeadline) {
        if let since = unwritableSince, now - since >= times.write { return closeNow() }
        guard let deadline, now >= deadline else { return }
        self.deadline = nil
        switch phase {
        case .proxyHeader, .lingering, .discarding: closeNow()
        case .head:
            guard input.readableBytes > 0 else { return closeNow() }
            head = RequestHead()
            beginRecord()
            keepAlive = false
            respond(RouterError(.requestTimeout, "The request's head did not arrive in time."))
        case .parked where waitsAt != nil: respond(Self.heldTooLong)
        case .parked:
            if let newsDue { return respond(newsDue.error) }
            respond(RouterError(.busy, origin: .gateway, "The directory did not answer in time.", retryAfterSeconds: 1))
        case .control(let call): controlTimedOut(call)
        case .exchange(let exchange):
            guard !body.hasEnded, exchange.app?.isWritable != false else { return }
            bodyTimedOut()
        case .tunnel, .closed: break
        }
    }

    /// What is remembered of the last request is made anew for the next: the configuration has changed.
    func forget() {
        hostCache = nil
        originCache = nil
    }

    // MARK: Ending

    /// Idle connections go at once, the others after their response.
    func drain() {
        if case .head = phase, input.readableBytes == 0 { closeNow() } else { keepAlive = false }
    }

    func closeNow() {
        // A body whose end is the connection's must not seem whole: the client gets a reset.
        if responseStarted, isRequestUnderWay {
            _ = (context?.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            if link.isSecure, !link.isStream, closeWithoutFarewell() { return }
        }
        context?.close(promise: nil)
    }

    /// TLS says when all has been said (`close_notify`), which here would be a lie: the socket is closed beneath it.
    private func closeWithoutFarewell() -> Bool {
        let pipeline = context?.channel.pipeline.syncOperations
        guard let beneath = try? pipeline?.context(handlerType: NIOSSLServerHandler.self) else { return false }
        beneath.close(promise: nil)
        return true
    }
}
