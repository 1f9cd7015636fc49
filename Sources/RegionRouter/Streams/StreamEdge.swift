import NIOCore
import NIOHPACK
import NIOHTTP2

/// The edge of an HTTP/2 stream: to the ``ClientConnection`` behind it, the stream is a connection of HTTP/1.1 that
/// ends after one request. So there is one set of rules, and one way to the app.
///
/// 1. A request that is malformed is reset with PROTOCOL_ERROR before anything of it is passed on; one that turns out
///    so in its body is reset, and ends for the app as if its client had left.
/// 2. The answer's end is the stream's: what the client still sends of its body is told to stop with NO_ERROR.
/// 3. An answer that is cut off is reset with INTERNAL_ERROR, so that it cannot seem whole.
final class StreamEdge: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let shared: RouterShared
    private var body: StreamRequestBody?
    private var response: StreamResponse?
    /// The stream is reset, by us or the client, or both sides have ended.
    private var isOver = false
    /// The answer's last frame has been taken by the connection, past the client's flow control.
    private var isSent = false
    private var lastResort: Scheduled<Void>?

    init(shared: RouterShared) { self.shared = shared }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        do throws(StreamFault) {
            switch StreamEdge.unwrapInboundIn(data) {
            case .headers(let headers):
                if body == nil {
                    try begin(headers, context)
                } else if let rest = try body?.end() {
                    context.fireChannelRead(StreamEdge.wrapInboundOut(rest))
                }
            case .data(let frame):
                guard case .byteBuffer(let data) = frame.data else { return }
                guard let part = try body?.take(data, endsStream: frame.endStream) else { return }
                context.fireChannelRead(StreamEdge.wrapInboundOut(part))
            default: break
            }
        } catch {
            shared.observer.observe(.refused(.badRequest))
            reset(.protocolError, context)
        }
    }

    private func begin(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) throws(StreamFault)
    {
        let head = try StreamRequestHead(headers.headers, endsStream: headers.endStream)
        body = StreamRequestBody(head.framing)
        response = StreamResponse(isHead: head.isHead, limits: shared.limits)
        context.fireChannelRead(StreamEdge.wrapInboundOut(head.bytes))
    }

    /// What went wrong with the stream; its end follows by itself, or is made here.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { reset(.internalError, context) }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        lastResort?.cancel()
        guard response?.hasEnded == true else { return context.fireChannelInactive() }
        // The exchange is just about to hear that its answer has been written, and must hear that first.
        context.eventLoop.assumeIsolated().execute { context.fireChannelInactive() }
    }

    // MARK: The answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOver, response != nil, response?.hasEnded == false else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        response?.append(StreamEdge.unwrapOutboundIn(data))
        do throws(RouterError) {
            while let part = try response?.next() { write(part, context) }
            promise?.succeed()
        } catch {
            promise?.fail(error)
            reset(.internalError, context)
        }
    }

    private func write(_ part: StreamResponse.Part, _ context: ChannelHandlerContext) {
        switch part {
        case .interim(let fields): write(.headers(.init(headers: fields)), ends: false, context)
        case .head(let fields, let ends): write(.headers(.init(headers: fields, endStream: ends)), ends: ends, context)
        case .data(let data, let ends):
            write(.data(.init(data: .byteBuffer(data), endStream: ends)), ends: ends, context)
        }
    }

    private func write(_ frame: HTTP2Frame.FramePayload, ends: Bool, _ context: ChannelHandlerContext) {
        guard ends else { return context.write(StreamEdge.wrapOutboundOut(frame), promise: nil) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { self.answerSent(context) }
        context.write(StreamEdge.wrapOutboundOut(frame), promise: promise)
    }

    /// All is written, past the client's flow control: only now may the rest of its request be refused, since a reset
    /// takes what is not written yet with it.
    private func answerSent(_ context: ChannelHandlerContext) {
        isSent = true
        if body?.hasEnded == false { reset(.noError, context) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
        guard !isOver else { return }
        if case .output = mode, response?.hasEnded == false, response?.end() == true {
            write(.data(ByteBuffer(), ends: true), context)
            return context.flush()
        }
        guard response?.hasEnded == true else { return reset(.internalError, context) }
        // The answer waits for the client's flow control, and has as long as any answer has.
        guard case .all = mode, !isSent, lastResort == nil else { return }
        lastResort = context.eventLoop.assumeIsolated().scheduleTask(in: shared.times.write) {
            self.reset(.cancel, context)
        }
    }

    /// Ends the stream at once.
    private func reset(_ code: HTTP2ErrorCode, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        context.writeAndFlush(StreamEdge.wrapOutboundOut(.rstStream(code)), promise: nil)
    }
}
