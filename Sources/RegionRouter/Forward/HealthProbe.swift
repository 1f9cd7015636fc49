import NIOCore
import NIOPosix

/// Asks one app instance whether it is well: a connection is enough, or a page must answer 2xx or 3xx.
final class HealthProbe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let question: ByteBuffer
    private let answer: EventLoopPromise<Bool>
    private var input = ByteBuffer()

    private init(_ question: ByteBuffer, _ answer: EventLoopPromise<Bool>) {
        self.question = question
        self.answer = answer
    }

    /// - Parameters:
    ///   - context: for a server that is called by TLS.
    ///   - path: of the page; `nil` for a connection alone.
    ///   - timeout: for the whole of it.
    static func ask(
        _ server: UpstreamServer, context: ClientContext?, path: String?, timeout: Duration,
        on group: MultiThreadedEventLoopGroup
    ) async -> Bool {
        let eventLoop = group.next()
        let answer = eventLoop.makePromise(of: Bool.self)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let path else { return }
                    if server.address.isSecure, let context {
                        try channel.pipeline.syncOperations.addHandler(context.handler(for: server.address.host))
                    }
                    let question = ByteBuffer(
                        string: "GET \(path) HTTP/1.1\r\nHost: \(server.address.authority)\r\nConnection: close\r\n\r\n"
                    )
                    try channel.pipeline.syncOperations.addHandler(HealthProbe(question, answer))
                }
            }
        let connected =
            if let address = server.socketAddresses.first { bootstrap.connect(to: address) } else {
                bootstrap.connect(host: server.address.host, port: server.address.port)
            }
        let timer = eventLoop.scheduleTask(in: TimeAmount(timeout)) { answer.succeed(false) }
        connected.whenComplete { result in
            switch result {
            case .success: if path == nil { answer.succeed(true) }
            case .failure: answer.succeed(false)
            }
        }
        let isWell = (try? await answer.futureResult.get()) ?? false
        timer.cancel()
        connected.whenSuccess { $0.close(promise: nil) }
        return isWell
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(question), promise: nil)
    }

    /// The status is in the first twelve bytes: `HTTP/1.1 200`.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        guard input.readableBytes < 12 else { return }
        input.writeBuffer(&buffer)
        guard input.readableBytes >= 12 else { return }
        let isWell = input.withUnsafeReadableBytes { bytes in
            guard HTTPBytes.equals(bytes, 0..<7, "HTTP/1."), let status = HTTPBytes.decimal(bytes, 9..<12) else {
                return false
            }
            return (200..<400).contains(status)
        }
        answer.succeed(isWell)
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(false) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
