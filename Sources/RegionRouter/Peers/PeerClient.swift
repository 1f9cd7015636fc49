package import NIOCore
import NIOPosix
import Synchronization

/// Asks other nodes for what is not a forwarded call (``PeerEndpoints``), over their own listeners. Keeps a connection
/// to each for the next question, so that a step of a cutover costs one round trip.
///
/// Questions must bear being asked twice: on a kept connection that the other side has closed meanwhile the question is
/// sent once more, on a new one.
package final class PeerClient: Sendable {
    /// What a peer said.
    package struct Answer: Sendable {
        package let status: Int
        package let body: ByteBuffer
    }

    /// Bytes of an answer; past it the answer is refused.
    package static let maxAnswerBytes = 16 * 1024 * 1024
    /// Connections kept to one node.
    private static let maxIdle = 4
    /// One thread for the process. Never shut down, like the operator's.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let idle = Mutex<[UpstreamAddress: [any Channel]]>([:])
    private let connectTimeout: Duration
    private let certificates: Renewable<ClientContext>?

    /// - Parameter certificates: for nodes that are called by TLS; without them those are unreachable.
    package init(certificates: Renewable<ClientContext>? = nil, connectTimeout: Duration = .seconds(2)) {
        self.certificates = certificates
        self.connectTimeout = connectTimeout
    }

    /// Asks one node.
    ///
    /// - Parameters:
    ///   - path: what follows ``PeerCall/pathPrefix``, with a query where there is one.
    ///   - timeout: for the whole of it.
    /// - Throws: ``RouterError`` of origin `peer`: `peer-unreachable`, `peer-timeout`, `peer-closed` or
    ///   `peer-bad-response`. A status of the peer's is not an error.
    package func ask(
        _ address: UpstreamAddress, _ method: String, _ path: String, body: ByteBuffer = ByteBuffer(), timeout: Duration
    ) async throws(RouterError) -> Answer {
        let question = Self.bytes(address, method, path, body)
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        if let kept = takeIdle(address) {
            do throws(RouterError) {
                return try await ask(address, question, on: kept, nil, until: deadline)
            } catch {
                guard error.code == .peerClosed else { throw error }
            }
        }
        let (channel, cause) = try await connect(address, within: timeout)
        return try await ask(address, question, on: channel, cause, until: deadline)
    }

    /// Closes what is kept.
    package func close() {
        let channels = idle.withLock { idle in
            defer { idle.removeAll() }
            return idle.values.flatMap { $0 }
        }
        for channel in channels { channel.close(promise: nil) }
    }

    private func ask(
        _ address: UpstreamAddress, _ question: ByteBuffer, on channel: any Channel, _ cause: PeerAnswerHandler.Cause?,
        until deadline: NIODeadline
    ) async throws(RouterError) -> Answer {
        do {
            let promise = channel.eventLoop.makePromise(of: PeerAnswerHandler.Outcome.self)
            let submitted = channel.eventLoop.submit {
                let handler = try channel.pipeline.syncOperations.handler(type: PeerAnswerHandler.self)
                handler.ask(question, promise, until: deadline)
            }
            submitted.whenFailure { promise.fail($0) }
            let outcome = try await promise.futureResult.get()
            if outcome.keepsConnection { keep(channel, to: address) } else { channel.close(promise: nil) }
            return outcome.answer
        } catch let error as RouterError {
            channel.close(promise: nil)
            throw error
        } catch {
            channel.close(promise: nil)
            // A handshake that fails takes the handler away before it could be asked.
            throw cause?.value
                ?? RouterError(
                    .peerClosed, origin: .peer,
                    "The node at \(address.authority) closed the connection before it answered."
                )
        }
    }

    private func connect(
        _ address: UpstreamAddress, within timeout: Duration
    ) async throws(RouterError) -> (any Channel, PeerAnswerHandler.Cause) {
        let context = address.isSecure ? certificates?.current : nil
        guard !address.isSecure || context != nil else {
            throw RouterError(
                .peerUnreachable, origin: .peer,
                "The node at \(address.authority) is to be called by TLS, and this node has no peers.tls.")
        }
        let cause = PeerAnswerHandler.Cause()
        do {
            let channel = try await ClientBootstrap(group: Self.group)
                .connectTimeout(TimeAmount(min(connectTimeout, timeout)))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            try channel.pipeline.syncOperations.addHandler(context.handler(for: address.host))
                        }
                        try channel.pipeline.syncOperations.addHandler(PeerAnswerHandler(cause))
                    }
                }
                .connect(host: address.host, port: address.port).get()
            return (channel, cause)
        } catch {
            throw RouterError(
                .peerUnreachable, origin: .peer, "The node at \(address.authority) cannot be reached; is it running?")
        }
    }

    // MARK: Kept connections

    private func takeIdle(_ address: UpstreamAddress) -> (any Channel)? {
        idle.withLock { idle in
            while let channel = idle[address]?.popLast() {
                if channel.isActive { return channel }
            }
            return nil
        }
    }

    private func keep(_ channel: any Channel, to address: UpstreamAddress) {
        let isKept = idle.withLock { idle in
            guard idle[address, default: []].count < Self.maxIdle else { return false }
            idle[address, default: []].append(channel)
            return true
        }
        if !isKept { channel.close(promise: nil) }
    }

    private static func bytes(
        _ address: UpstreamAddress, _ method: String, _ path: String, _ body: ByteBuffer
    ) -> ByteBuffer {
        let length = body.readableBytes > 0 || method != "GET" ? "Content-Length: \(body.readableBytes)\r\n" : ""
        var buffer = ByteBuffer(
            string: "\(method) \(PeerCall.pathPrefix)\(path) HTTP/1.1\r\nHost: \(address.authority)\r\n\(length)\r\n")
        buffer.writeImmutableBuffer(body)
        return buffer
    }
}
