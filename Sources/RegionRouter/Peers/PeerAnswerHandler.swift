import NIOCore
import Synchronization

/// One connection of ``PeerClient``: one question at a time, and its answer, read as strictly as an app's.
final class PeerAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Outcome: Sendable {
        let answer: PeerClient.Answer
        /// Another question may be asked on this connection.
        let keepsConnection: Bool
    }

    /// Why a connection was closed, where it is known: also for who asks when the handler is gone with it.
    final class Cause: Sendable {
        private let error = Mutex<RouterError?>(nil)

        var value: RouterError? {
            get { error.withLock { $0 } }
            set { error.withLock { $0 = newValue } }
        }
    }

    private var context: ChannelHandlerContext?
    private var input = ByteBuffer()
    private var lines = HeadScanner()
    private var head: ResponseHead?
    private var promise: EventLoopPromise<Outcome>?
    private var timer: Scheduled<Void>?
    private let limits = HTTPLimits()
    private let cause: Cause

    init(_ cause: Cause) { self.cause = cause }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a question; the promise is kept with its answer, or with a ``RouterError``.
    func ask(_ question: ByteBuffer, _ promise: EventLoopPromise<Outcome>, until deadline: NIODeadline) {
        guard let context, context.channel.isActive, self.promise == nil else {
            return promise.fail(cause.value ?? Self.closed)
        }
        self.promise = promise
        lines.reset()
        head = nil
        context.writeAndFlush(Self.wrapOutboundOut(question), promise: nil)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.fail(RouterError(.peerTimeout, origin: .peer, "The node did not answer in time."))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        // Nobody asked: what comes now would be taken for the next answer.
        guard promise != nil else { return context.close(promise: nil) }
        input.writeBuffer(&buffer)
        do throws(RouterError) {
            try readAnswer()
        } catch {
            fail(RouterError(.peerBadResponse, origin: .peer, "The node's answer cannot be used: \(error.detail)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { fail(cause.value ?? Self.closed) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let reason = PeerFault.Reason(error) {
            cause.value = RouterError(
                .peerUnreachable, origin: .peer, "The node was called and not trusted: \(reason.rawValue).")
        }
        context.close(promise: nil)
    }

    private func readAnswer() throws(RouterError) {
        if head == nil { head = try readHead() }
        guard let head else { return }
        let length: Int
        switch head.framing {
        case .none: length = 0
        case .length(let given): length = given
        case .chunked, .close: throw RouterError(.peerBadResponse, "it does not say how long it is.")
        }
        guard length <= PeerClient.maxAnswerBytes else {
            throw RouterError(.peerBadResponse, "it is longer than \(PeerClient.maxAnswerBytes) bytes.")
        }
        guard let body = input.readSlice(length: length) else { return }
        let keeps = head.keepAlive && input.readableBytes == 0
        end(.success(Outcome(answer: .init(status: head.status, body: body), keepsConnection: keeps)))
    }

    private func readHead() throws(RouterError) -> ResponseHead? {
        let result = input.withUnsafeReadableBytes { bytes -> Result<ResponseHead?, RouterError> in
            do throws(RouterError) {
                let progress = try lines.scan(bytes, maxBytes: limits.responseHeadBytes, maxFields: limits.headFields)
                guard case .complete(let end) = progress else { return .success(nil) }
                var head = ResponseHead()
                try head.read(bytes, lines: lines, end: end, answering: .get)
                return .success(head)
            } catch {
                return .failure(error)
            }
        }
        guard let head = try result.get() else { return nil }
        guard head.status >= 200 else { throw RouterError(.peerBadResponse, "it is an interim one.") }
        input.moveReaderIndex(forwardBy: head.end)
        return head
    }

    private func fail(_ error: RouterError) {
        end(.failure(error))
        context?.close(promise: nil)
    }

    private func end(_ result: Result<Outcome, any Error>) {
        timer?.cancel()
        timer = nil
        let promise = self.promise
        self.promise = nil
        promise?.completeWith(result)
    }

    private static let closed = RouterError(.peerClosed, origin: .peer, "The node closed the connection.")
}
