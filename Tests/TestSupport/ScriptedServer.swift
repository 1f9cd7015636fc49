import NIOCore
import NIOPosix
import NIOSSL
package import RegionRouter
import Synchronization

/// A server on a free port of 127.0.0.1 that answers each request head with what a script says, byte for byte: the
/// double for key servers, broken servers and servers that never answer.
package final class ScriptedServer: Sendable {
    /// What to do with a request.
    package enum Answer: Sendable {
        /// These bytes; the connection stays open.
        case bytes(String)
        /// These bytes, then the end of the connection.
        case bytesThenClose(String)
        /// The end of the connection, without a byte.
        case close
        /// Nothing, ever.
        case silence

        /// A whole HTTP/1.1 answer.
        package static func http(_ status: Int, _ body: String, fields: [String] = []) -> Answer {
            let lines = ["HTTP/1.1 \(status) Scripted", "content-length: \(body.utf8.count)"] + fields
            return .bytes(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    private let channel: any Channel
    private let log: RequestLog
    package let port: Int
    private let closedPort = Mutex<ReservedPort?>(nil)

    private final class RequestLog: Sendable {
        let heads = Mutex<[String]>([])
    }

    /// Starts the server. The script is given each request as text, up to the end of its head or, where there is a
    /// `Content-Length`, of its body.
    /// - Parameter certificate: what it shows by TLS, whatever it is worth; `nil` for no TLS.
    package init(
        certificate: CertificateFiles? = nil, _ script: @escaping @Sendable (String) -> Answer
    ) async throws {
        let context = try certificate.map { files in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(files.chainFile).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: files.keyFile, format: .pem))))
        }
        let log = RequestLog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        ScriptedHandler { request in
                            log.heads.withLock { $0.append(request) }
                            return script(request)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        self.channel = channel
        self.log = log
        self.port = port
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// The requests seen so far, in order of their end.
    package var requests: [String] { log.heads.withLock { $0 } }

    /// Nobody answers at its port from now on.
    package func stop() async throws {
        try await channel.close().get()
        // Not to be had where a program that is just being started still holds a copy of the listening socket.
        let kept = try? ReservedPort(port)
        closedPort.withLock { $0 = kept }
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String) -> ScriptedServer.Answer
    private var pending = ""

    init(_ answer: @escaping (String) -> ScriptedServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending += String(buffer: unwrapInboundIn(data))
        while let request = takeRequest() { act(answer(request), context) }
    }

    private func takeRequest() -> String? {
        let bytes = Array(pending.utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
            return nil
        }
        let head = String(decoding: bytes[..<end], as: UTF8.self)
        let length =
            head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) } ?? 0
        guard bytes.count >= end + 4 + length else { return nil }
        pending = String(decoding: bytes[(end + 4 + length)...], as: UTF8.self)
        return String(decoding: bytes[..<(end + 4 + length)], as: UTF8.self)
    }

    private func act(_ answer: ScriptedServer.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .bytes(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .bytesThenClose(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.close(promise: nil)
        case .close: context.close(promise: nil)
        case .silence: break
        }
    }
}
