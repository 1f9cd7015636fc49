import NIOCore
import NIOPosix

/// The connections of one event loop to one server. Runs ``ConnectionPoolMachine``.
final class InstancePool {
    private var machine: ConnectionPoolMachine<AppConnection, Exchange>
    let server: UpstreamServer
    private let shared: UpstreamSet
    let index: Int
    unowned let loop: RouterLoop
    /// How long a request waits for an answer, and between two reads of it.
    private(set) var responseTimeout: TimeAmount
    /// The address that the next connection tries first.
    private var turn = 0

    init(_ shared: UpstreamSet, index: Int, loop: RouterLoop) {
        self.shared = shared
        self.index = index
        self.loop = loop
        server = shared.servers[index]
        let limits = loop.shared.limits
        let share = max(1, loop.shared.loopCount)
        machine = ConnectionPoolMachine(
            maxConnections: max(1, limits.upstreamConnections / share), maxIdle: limits.idleUpstreamConnections,
            maxWaiting: limits.upstreamQueue / share)
        let times = loop.shared.times
        responseTimeout = server.kind == .app ? times.response : times.peerResponse
    }

    func lease(_ exchange: Exchange) {
        switch machine.lease(exchange, now: loop.now) {
        case .use(let app): attach(exchange, to: app)
        case .connect: connect()
        case .wait: break
        case .refuse: exchange.failed(server.error(.queueFull))
        }
    }

    /// A request has failed by this server, in a way that only the gateway saw.
    func noteFailure() { shared.failed(index, now: .now()) }

    /// A request has been answered.
    @inline(__always)
    func noteSuccess() { shared.succeeded(index) }

    func cancel(_ exchange: Exchange) { machine.cancelled(exchange) }

    /// Its exchange is over, and nothing of it is left on the connection.
    func release(_ app: AppConnection) {
        switch machine.released(app, now: loop.now) {
        case .serve(let exchange): attach(exchange, to: app)
        case .idle: break
        case .close: app.close()
        }
    }

    func closed(_ app: AppConnection) {
        if machine.closed(app) { connect() }
    }

    func sweep(now: NIODeadline) {
        let times = loop.shared.times
        let expired = machine.expire(
            now: now, idleFor: times.idleUpstream,
            waitedFor: times.upstreamQueue)
        for app in expired.connections { app.close() }
        for exchange in expired.waiters { exchange.failed(server.error(.queueTimeout)) }
    }

    /// Whether nothing is under way or waits here.
    var isEmpty: Bool { machine.isEmpty }

    /// Takes the bounds of another configuration.
    func reconfigure() {
        let limits = loop.shared.limits
        let share = max(1, loop.shared.loopCount)
        machine.maxConnections = max(1, limits.upstreamConnections / share)
        machine.maxIdle = limits.idleUpstreamConnections
        machine.maxWaiting = limits.upstreamQueue / share
        responseTimeout = server.kind == .app ? loop.shared.times.response : loop.shared.times.peerResponse
    }

    /// The server is used no more: what is under way is finished, and no connection is kept.
    func leave() {
        machine.maxIdle = 0
        closeIdle()
    }

    func closeIdle() {
        for app in machine.takeIdle() { app.close() }
    }

    private func attach(_ exchange: Exchange, to app: AppConnection) {
        if !exchange.attach(app) { release(app) }
    }

    /// Tries the addresses of the server one after the other, beginning with another each time.
    private func connect() {
        let addresses = server.socketAddresses
        guard !addresses.isEmpty else {
            // Its name has not been looked up yet.
            return connect { $0.connect(host: self.server.address.host, port: self.server.address.port) }
        }
        turn = (turn + 1) % addresses.count
        connect(Array(addresses[turn...] + addresses[..<turn])[...])
    }

    private func connect(_ addresses: ArraySlice<SocketAddress>) {
        guard let first = addresses.first else { return }
        let rest = addresses.dropFirst()
        connect({ $0.connect(to: first) }, orElse: rest.isEmpty ? nil : { self.connect(rest) })
    }

    private func connect(
        _ start: (ClientBootstrap) -> EventLoopFuture<any Channel>, orElse next: (() -> Void)? = nil
    ) {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let boundLoop = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        let (host, isSecure) = (server.address.host, server.address.isSecure)
        let context = loop.shared.certificates.context(for: server)
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(loop.shared.times.connect)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isSecure {
                        // In clear nothing goes to where TLS was asked for.
                        guard let context else { throw ChannelError.inappropriateOperationForState }
                        try channel.pipeline.syncOperations.addHandler(context.handler(for: host))
                    }
                    let app = AppConnection(pool: bound.value, loop: boundLoop.value)
                    try channel.pipeline.syncOperations.addHandler(app)
                }
            }
        start(bootstrap).assumeIsolated().whenComplete { result in
            if case .failure = result, let next { return next() }
            self.connected(result)
        }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        loop.tick()
        switch result {
        case .success(let channel):
            loop.shared.observer.observe(.upstreamConnectionOpened)
            guard let app = try? channel.pipeline.syncOperations.handler(type: AppConnection.self), app.isOpen else {
                return failed(server.error(.closedAtOnce))
            }
            app.wasPooled = true
            if let exchange = machine.connected(app, now: loop.now) { attach(exchange, to: app) }
        case .failure(let error):
            loop.shared.observer.observe(.upstreamConnectionFailed)
            failed(server.error(Self.isTimeout(error) ? .connectTimeout : .unreachable))
        }
    }

    private func failed(_ error: RouterError) {
        noteFailure()
        let outcome = machine.connectFailed()
        outcome.failed?.failed(error)
        if outcome.connect { connect() }
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.contains { isTimeout($0.error) }
        }
        if let error = error as? ChannelError, case .connectTimeout = error { return true }
        return false
    }
}
