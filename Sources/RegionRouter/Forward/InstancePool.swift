import NIOCore
import NIOPosix

/// The connections of one event loop to one app instance. Runs ``ConnectionPoolMachine``.
final class InstancePool {
    private var machine: ConnectionPoolMachine<AppConnection, Exchange>
    let address: UpstreamAddress
    unowned let loop: RouterLoop

    init(address: UpstreamAddress, loop: RouterLoop) {
        self.address = address
        self.loop = loop
        let limits = loop.shared.limits
        machine = ConnectionPoolMachine(
            maxConnections: limits.upstreamConnections, maxIdle: limits.idleUpstreamConnections,
            maxWaiting: limits.upstreamQueue)
    }

    func lease(_ exchange: Exchange) {
        switch machine.lease(exchange, now: loop.now) {
        case .use(let app): attach(exchange, to: app)
        case .connect: connect()
        case .wait: break
        case .refuse:
            exchange.failed(
                RouterError(
                    .busy, origin: .gateway, "Too many requests wait for a connection to the app instance.",
                    retryAfterSeconds: 1))
        }
    }

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
        for exchange in expired.waiters {
            exchange.failed(
                RouterError(
                    .busy, origin: .gateway, "No connection to the app instance became free in time.",
                    retryAfterSeconds: 1))
        }
    }

    /// Whether nothing is under way or waits here.
    var isEmpty: Bool { machine.isEmpty }

    /// Takes the bounds of another configuration.
    func reconfigure() {
        let limits = loop.shared.limits
        machine.maxConnections = max(1, limits.upstreamConnections)
        machine.maxIdle = limits.idleUpstreamConnections
        machine.maxWaiting = limits.upstreamQueue
    }

    /// The address is no app instance any more: what is under way is finished, and no connection is kept.
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

    private func connect() {
        let times = loop.shared.times
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let boundLoop = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(times.connect)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let app = AppConnection(pool: bound.value, loop: boundLoop.value)
                    try channel.pipeline.syncOperations.addHandler(app)
                }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated()
            .whenComplete { result in self.connected(result) }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        loop.tick()
        switch result {
        case .success(let channel):
            loop.shared.observer.observe(.upstreamConnectionOpened)
            guard let app = try? channel.pipeline.syncOperations.handler(type: AppConnection.self), app.isOpen else {
                return failed(
                    RouterError(.appUnreachable, origin: .app, "The app instance closed a new connection at once."))
            }
            app.wasPooled = true
            if let exchange = machine.connected(app, now: loop.now) { attach(exchange, to: app) }
        case .failure(let error):
            loop.shared.observer.observe(.upstreamConnectionFailed)
            failed(Self.routerError(error))
        }
    }

    private func failed(_ error: RouterError) {
        let outcome = machine.connectFailed()
        outcome.failed?.failed(error)
        if outcome.connect { connect() }
    }

    private static func routerError(_ error: any Error) -> RouterError {
        if let error = error as? NIOConnectionError,
            error.connectionErrors.contains(where: { ($0.error as? ChannelError).map(isTimeout) ?? false })
        {
            return RouterError(.appTimeout, origin: .app, "The app instance did not accept a connection in time.")
        }
        if let error = error as? ChannelError, isTimeout(error) {
            return RouterError(.appTimeout, origin: .app, "The app instance did not accept a connection in time.")
        }
        return RouterError(.appUnreachable, origin: .app, "The app instance could not be reached.")
    }

    private static func isTimeout(_ error: ChannelError) -> Bool {
        if case .connectTimeout = error { return true }
        return false
    }
}
