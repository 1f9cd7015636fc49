import NIOCore
import NIOSSL
import NIOTLS

/// Puts TLS in front of a listener's connection.
enum TLSPipeline {
    /// Adds the handlers at the end of the pipeline as it is; on the channel's event loop.
    ///
    /// - Parameter ended: see ``HandshakeHandler``; the channel's pipeline then has the verified certificate of the
    ///   client, where one was asked for (``PeerCertificate/of(_:)``).
    static func add(
        to channel: any Channel, contexts: ServerContexts, timeout: TimeAmount,
        ended: @escaping (HandshakeHandler.Ending, any Channel) throws -> Void
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let handshake = HandshakeHandler(timeout: timeout, ended: ended)
        let waiting = NIOLoopBound(handshake, eventLoop: channel.eventLoop)
        let names = ByteToMessageHandler(
            SNIHandler { result in
                let name: String? = if case .hostname(let name) = result { name } else { nil }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLServerHandler(context: contexts.context(for: name)), position: .before(waiting.value))
                }
            })
        try pipeline.addHandler(names)
        try pipeline.addHandler(handshake)
    }
}
