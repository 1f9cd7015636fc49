import NIOCore
import NIOPosix
import Synchronization

/// Passes bytes between whoever connects to its port and a server, until a test cuts it: then nothing gets through
/// either way, and nobody is told, as in a network that has come apart.
package final class Relay: Sendable {
    package let port: Int
    private let channel: any Channel
    private let cut = Cut()

    /// Whether it is cut, and the connections there are.
    private final class Cut: Sendable {
        private struct State {
            var isCut = false
            var channels: [ObjectIdentifier: any Channel] = [:]
        }

        private let state = Mutex(State())

        var isCut: Bool { state.withLock { $0.isCut } }

        func add(_ channel: any Channel) {
            let id = ObjectIdentifier(channel)
            state.withLock { $0.channels[id] = channel }
            channel.closeFuture.whenComplete { _ in self.state.withLock { _ = $0.channels.removeValue(forKey: id) } }
        }

        func cut() { state.withLock { $0.isCut = true } }

        /// - Returns: the connections that were there while it was cut: what they have lost does not come back.
        func mend() -> [any Channel] {
            state.withLock { state in
                state.isCut = false
                return Array(state.channels.values)
            }
        }
    }

    /// - Parameter server: a port of 127.0.0.1.
    package init(to server: Int) async throws {
        let cut = self.cut
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                cut.add(near)
                return ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        cut.add(far)
                        return far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(Pipe(to: near) { cut.isCut })
                        }
                    }
                    .connect(host: "127.0.0.1", port: server)
                    .flatMap { far in
                        near.eventLoop.makeCompletedFuture {
                            try near.pipeline.syncOperations.addHandler(Pipe(to: far) { cut.isCut })
                        }.flatMap { near.setOption(.autoRead, value: true) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        self.port = port
    }

    /// From now on nothing gets through.
    package func cutOff() { cut.cut() }

    /// Everything gets through again, on new connections.
    package func mend() { for channel in cut.mend() { channel.close(promise: nil) } }

    package func stop() async {
        try? await channel.close()
        mend()
    }
}

/// One direction of a connection.
private final class Pipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let isCut: @Sendable () -> Bool

    init(to other: any Channel, isCut: @escaping @Sendable () -> Bool) {
        self.other = other
        self.isCut = isCut
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isCut() else { return }
        other.writeAndFlush(Self.unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Of an end, too, nobody hears.
        if !isCut() { other.close(promise: nil) }
    }
}
