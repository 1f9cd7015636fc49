import NIOCore

/// Reads the PROXY protocol header that comes before TLS; where there is no TLS, ``ClientConnection`` reads it itself.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let timeout: TimeAmount
    private var read: ((ProxyProtocolHeader, any Channel) throws -> Void)?
    private var input = ByteBuffer()
    private var timer: Scheduled<Void>?

    /// - Parameter read: called once, on the event loop; adds the handlers that take what follows the header.
    init(timeout: TimeAmount, read: @escaping (ProxyProtocolHeader, any Channel) throws -> Void) {
        self.timeout = timeout
        self.read = read
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let read else { return context.fireChannelRead(data) }
        var data = Self.unwrapInboundIn(data)
        input.writeBuffer(&data)
        switch input.withUnsafeReadableBytes({ ProxyProtocolHeader.read($0) }) {
        case .incomplete: break
        case .malformed: context.close(promise: nil)
        case .complete(let header):
            self.read = nil
            timer?.cancel()
            input.moveReaderIndex(forwardBy: header.length)
            do {
                try read(header, context.channel)
            } catch {
                return context.close(promise: nil)
            }
            let rest = input
            input = ByteBuffer()
            if rest.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }
}
