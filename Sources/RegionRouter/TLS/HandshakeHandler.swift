import NIOCore
import NIOTLS

/// Stands behind TLS in the pipeline until the handshake is done, then hands the connection on: once, and not too late.
///
/// 1. A handshake that takes too long, or fails, closes the connection.
/// 2. What comes right after the handshake is read by whom `completed` has added.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// How a handshake has ended.
    enum Ending {
        /// The protocol that ALPN has settled on; `nil` where the client offered none.
        case done(applicationProtocol: String?)
        /// `nil` where the connection was closed.
        case failed((any Error)?)
        case timedOut
    }

    private let timeout: TimeAmount
    private var ended: ((Ending, any Channel) throws -> Void)?
    private var timer: Scheduled<Void>?

    /// - Parameter ended: called exactly once, on the event loop; for `.done` it adds the handlers that go on. What it
    ///   throws closes the connection.
    init(timeout: TimeAmount, ended: @escaping (Ending, any Channel) throws -> Void) {
        self.timeout = timeout
        self.ended = ended
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { self.end(.timedOut, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(.failed(nil), context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let applicationProtocol)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        end(.done(applicationProtocol: applicationProtocol), context)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.failed(error), context) }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failed(nil), context)
        context.fireChannelInactive()
    }

    private func end(_ ending: Ending, _ context: ChannelHandlerContext) {
        guard let ended else { return }
        self.ended = nil
        timer?.cancel()
        timer = nil
        do {
            try ended(ending, context.channel)
            if case .done = ending { return }
        } catch {
            // Falls to the closing below: what could not be set up cannot be served.
        }
        context.close(promise: nil)
    }
}
