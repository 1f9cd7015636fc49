import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
package import RegionRouter

/// A blocking client behind TLS that sends and receives bytes just as it is told. Every wait is bounded.
package final class TLSSocket: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let channel: any Channel
    private let inbox: Inbox
    /// What ALPN has settled on; `nil` for nothing.
    package let applicationProtocol: String?
    /// The DNS names in the certificate that was shown.
    package let shownNames: [String]

    /// - Parameters:
    ///   - serverName: asked for by SNI, and verified; `nil` for neither.
    ///   - authority: PEM of who may have signed the certificate.
    ///   - certificate: shown where one is asked for; it may have run out.
    ///   - before: sent ahead of TLS.
    /// - Throws: when the handshake fails.
    package init(
        port: Int, serverName: String?, authority: String, protocols: [String] = [], newestIsTLS11: Bool = false,
        certificate: CertificateFiles? = nil, before: [UInt8] = []
    ) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authority)
        configuration.applicationProtocols = protocols
        if let certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.chainFile).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))
        }
        if newestIsTLS11 { configuration.maximumTLSVersion = .tlsv11 }
        if serverName == nil { configuration.certificateVerification = .noHostnameVerification }
        let context = try NIOSSLContext(configuration: configuration)
        let inbox = Inbox()
        channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if before.isEmpty {
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
                    }
                    try pipeline.addHandler(inbox.handler())
                }
            }
            .connect(host: "127.0.0.1", port: port).wait()
        if !before.isEmpty {
            try channel.writeAndFlush(ByteBuffer(bytes: before)).wait()
            let channel = self.channel
            try channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: serverName), position: .first)
            }.wait()
        }
        self.inbox = inbox
        applicationProtocol = try inbox.handshake()
        let channel = self.channel
        shownNames = try channel.eventLoop.submit {
            try channel.pipeline.syncOperations.nioSSL_peerCertificate()?._subjectAlternativeNames()
                .filter { $0.nameType == .dnsName }.map { String(decoding: $0.contents, as: UTF8.self) } ?? []
        }.wait()
    }

    deinit { channel.close(promise: nil) }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws { try channel.writeAndFlush(ByteBuffer(bytes: bytes)).wait() }

    /// The next so many bytes.
    package func receive(count: Int) throws -> [UInt8] { try inbox.take { $0.readableBytes >= count ? count : nil } }

    /// What has come, up to and with `mark`.
    package func receive(until mark: String) throws -> String {
        let wanted = Data(mark.utf8)
        let bytes = try inbox.take { Data($0.readableBytesView).range(of: wanted)?.upperBound }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One response with a `Content-Length`.
    package func receiveResponse() throws -> RawResponse {
        var response = RawResponse(head: try receive(until: "\r\n\r\n"))
        let length = response.field("content-length").flatMap { Int($0) } ?? 0
        response.body = try receive(count: length)
        return response
    }

    /// Everything until the other side closes.
    /// - Returns: whether it said so within TLS; without that, what has come may be cut off.
    package func receiveAll() throws -> (text: String, saidFarewell: Bool) {
        let (bytes, saidFarewell) = try inbox.takeAll()
        return (String(decoding: bytes, as: UTF8.self), saidFarewell)
    }
}

/// What has come, for a thread that waits; guarded by the condition's lock.
private final class Inbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var bytes = ByteBuffer()
    private var applicationProtocol: String??
    private var isClosed = false
    private var isCutOff = false
    private var error: (any Error)?

    func handler() -> any ChannelHandler { Handler(inbox: self) }

    func handshake() throws -> String? {
        try waiting {
            if let applicationProtocol { return .some(applicationProtocol) }
            if isClosed { throw failure("no handshake") }
            return nil
        }
    }

    func take(_ find: (ByteBuffer) -> Int?) throws -> [UInt8] {
        try waiting {
            if let end = find(bytes) {
                defer { bytes.discardReadBytes() }
                return bytes.readBytes(length: end)
            }
            if isClosed { throw failure("closed") }
            return nil
        }
    }

    func takeAll() throws -> ([UInt8], Bool) {
        try waiting { isClosed ? (Array(bytes.readableBytesView), !isCutOff) : nil }
    }

    func note(_ change: (Inbox) -> Void) {
        condition.lock()
        change(self)
        condition.broadcast()
        condition.unlock()
    }

    private func failure(_ what: String) -> TLSSocket.Failure {
        TLSSocket.Failure(
            description: "\(what); got \(String(buffer: bytes)), error \(String(describing: error))")
    }

    private func waiting<Value>(_ look: () throws -> Value?) throws -> Value {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: 20)
        while true {
            if let value = try look() { return value }
            guard condition.wait(until: deadline) else { throw failure("nothing came in time") }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: Inbox

        init(inbox: Inbox) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let data = Self.unwrapInboundIn(data)
            inbox.note { $0.bytes.writeImmutableBuffer(data) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
                inbox.note { $0.applicationProtocol = .some(name) }
            }
            context.fireUserInboundEventTriggered(event)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            inbox.note { inbox in
                inbox.error = error
                if case NIOSSLError.uncleanShutdown = error { inbox.isCutOff = true }
            }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { inbox.note { $0.isClosed = true } }
    }
}
