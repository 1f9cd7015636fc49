import NIOCore
import NIOHTTP2
import TenantDirectory

/// One HTTP/2 connection of a client: what concerns all of its streams. Frames, windows and floods are NIOHTTP2's; this
/// adds how long the connection may stand idle, and how it ends.
final class HTTP2Session: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame

    /// What a client may send of all its streams' bodies before any of it is taken: streams that wait do not stop the
    /// others, and memory is bounded.
    private static let connectionWindow = 1 << 20
    /// How long a client has to answer the farewell, and to leave.
    private static let farewell = TimeAmount.seconds(5)

    private let loop: RouterLoop
    private var context: ChannelHandlerContext?
    var slot = -1
    private var openStreams = 0
    private var totalStreams = 0
    private var idleUntil: NIODeadline
    private var closesAt: NIODeadline?

    private init(loop: RouterLoop) {
        self.loop = loop
        // The first request has as long as any head has.
        idleUntil = .now() + loop.shared.times.head
    }

    /// Adds HTTP/2 at the end of a channel's pipeline; on its event loop.
    static func add(to channel: any Channel, loop: RouterLoop, peer: IPAddress?, link: ClientLink) throws {
        let session = HTTP2Session(loop: loop)
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: loop.shared.times.drain, keepalive: nil))
        let bound = NIOLoopBound((loop, session), eventLoop: channel.eventLoop)
        let watch = StreamWatch(manager: manager.http2StreamDelegate, session: bound)
        let frames = NIOHTTP2Handler(
            mode: .server, eventLoop: channel.eventLoop,
            connectionConfiguration: connectionConfiguration(loop.shared.limits),
            streamConfiguration: streamConfiguration(loop.shared.limits), streamDelegate: watch
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let loop = bound.value.0
                let edge = StreamEdge(shared: loop.shared)
                let connection = ClientConnection(loop: loop, peer: peer, link: link)
                try stream.pipeline.syncOperations.addHandlers([edge, connection] as [any ChannelHandler])
            }
        }
        try channel.pipeline.syncOperations.addHandlers([frames, manager, session] as [any ChannelHandler])
    }

    private static func connectionConfiguration(_ limits: HTTPLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streams),
            // More than a head may have, so that one that is too large by little is answered with 431.
            HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * limits.headBytes),
        ]
        configuration.targetWindowSize = connectionWindow
        configuration.maximumBufferedControlFrames = 1_000
        return configuration
    }

    private static func streamConfiguration(_ limits: HTTPLimits) -> NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.outboundBufferSizeHighWatermark = 64 * 1024
        configuration.outboundBufferSizeLowWatermark = 32 * 1024
        configuration.streamResetFrameRateLimit.maximumCount = limits.streamResets
        return configuration
    }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelInactive(context: ChannelHandlerContext) {
        loop.remove(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // After the farewell and the last stream NIOHTTP2 may find that it cannot widen the connection's window any
        // more: the last answer is still to be flushed then, and the end comes by itself.
        if error is NIOHTTP2Errors.IOOnClosedConnection { return }
        // A stream's error has reset the stream; the connection's own has said GOAWAY.
        if !Self.concernsOneStream(error) { context.close(promise: nil) }
    }

    /// NIOHTTP2 tells of both in one way; those that are not known to be a stream's end the connection.
    private static func concernsOneStream(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.ForbiddenHeaderField,
            is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
            is NIOHTTP2Errors.DuplicatePseudoHeader, is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader,
            is NIOHTTP2Errors.UnknownPseudoHeader, is NIOHTTP2Errors.UnsupportedPseudoHeader,
            is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue, is NIOHTTP2Errors.ContentLengthViolated,
            is NIOHTTP2Errors.ContentLengthHeaderMalformedValue, is NIOHTTP2Errors.ContentLengthHeaderNegative,
            is NIOHTTP2Errors.ContentLengthHeadersMismatch, is NIOHTTP2Errors.TrailersWithoutEndStream,
            is NIOHTTP2Errors.StreamClosed:
            true
        default: false
        }
    }

    // MARK: Streams

    func streamOpened() {
        openStreams += 1
        totalStreams += 1
        if totalStreams == loop.shared.limits.requestsPerConnection { sayFarewell() }
    }

    func streamClosed() {
        openStreams -= 1
        if openStreams == 0 { idleUntil = .now() + loop.shared.times.keepAlive }
    }

    // MARK: Ending

    func sweep(now: NIODeadline) {
        guard openStreams == 0 else { return }
        if let closesAt {
            if now >= closesAt { closeNow() }
        } else if now >= idleUntil {
            sayFarewell()
        }
    }

    /// GOAWAY: the client takes its next request elsewhere, and what is under way comes to its end.
    func drain() { sayFarewell() }

    func closeNow() { context?.close(promise: nil) }

    private func sayFarewell() {
        guard closesAt == nil, let context else { return }
        closesAt = .now() + Self.farewell
        context.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
