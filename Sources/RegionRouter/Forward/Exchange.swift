import NIOCore
import Synchronization
import TenantDirectory

/// One request on its way to the app, or to the peer that passes it on, and its answer on the way back: holds the two
/// connections together and carries out what ``ExchangeMachine`` decides. Belongs to the event loop of both.
final class Exchange: InFlightRequest {
    private(set) var machine: ExchangeMachine
    let method: RequestHead.Method
    /// The tenant whose request it is; `nil` for a request without one.
    private let entry: TenantEntry?
    private let group: UpstreamGroup
    /// The server it goes to.
    private var pool: InstancePool?
    /// A bit for each server of the group that took no connection for it.
    private var tried: UInt64 = 0
    /// Strong, and given up when the exchange is over: an object that is once referred to weakly is counted in a slower
    /// way for good.
    private(set) var client: ClientConnection?
    private(set) var app: AppConnection?
    /// Told how a lifecycle call went before the client is: exactly once, whatever becomes of the connections.
    private var held: HostForward?
    private var isSettled = false
    /// An app connection has had bytes of it.
    private var wasSent = false
    /// Its name, kept from when its client leaves.
    private var nameOfLeft: String?

    /// - Parameter isSafe: whether the request cannot write, whatever its method says.
    init(
        client: ClientConnection, entry: TenantEntry?, group: UpstreamGroup, method: RequestHead.Method,
        isSafe: Bool, hasBody: Bool, held: HostForward? = nil
    ) {
        self.client = client
        self.entry = entry
        self.group = group
        self.method = method
        self.held = held
        machine = ExchangeMachine(isSafe: method.isSafe, canRepeat: method.isIdempotent, hasBody: hasBody)
        super.init(isSafe: isSafe, admittedAt: client.record.startedAt)
        entry?.inFlight.add(self)
    }

    override var name: String { nameOfLeft ?? client?.requestName ?? "" }

    /// A gate closes: what has no end ends here.
    override func closeAtGate() {
        switch kind {
        case .exchange: break
        case .eventStream: eventStreamEnds()
        case .tunnel: app?.closeTunnel()
        }
    }

    private func eventStreamEnds() {
        guard !isSettled else { return }
        let client = self.client
        let isWhole = machine.requestEnded
        self.client = nil
        _ = machine.clientDidLeave()
        dropApp()
        settle()
        if isWhole { client?.eventStreamEnded() } else { client?.closeNow() }
    }

    /// The app's answer has begun, and it is one that has no end. Where the gate is closed already it ends at once.
    func turnsInto(_ kind: Kind) {
        self.kind = kind
        if entry?.isHeld == true || kind == .tunnel && entry?.isMoving == true { closeAtGate() }
    }

    /// The tunnel has been closed in the client's direction, at the end of a frame.
    func tunnelClosedAtGate() {
        guard !isSettled else { return }
        let client = self.client
        self.client = nil
        dropApp()
        settle()
        client?.tunnelEnded()
    }

    /// The response head waits for the gateway's own part.
    var holdsResponse: Bool { held != nil }

    // MARK: From the pool

    /// - Returns: `false` when the client has left meanwhile, and the connection is still free.
    func attach(_ app: AppConnection) -> Bool {
        guard let client, !isSettled else { return false }
        self.app = app
        wasSent = true
        app.begin(self)
        client.appIsReady(app)
        return true
    }

    /// No connection could be had, and nothing has been sent: another server may take it.
    func failed(_ error: RouterError) {
        guard !isSettled else { return }
        if let pool { tried |= 1 << UInt64(pool.index) }
        if !lease() { fail(error) }
    }

    /// Asks for a connection to one of the servers that have not been tried.
    /// - Returns: `false` where all have been.
    @discardableResult
    func lease() -> Bool {
        guard let next = group.pool(tried: tried) else { return false }
        pool?.server.outstanding.subtract(1, ordering: .relaxed)
        pool = next
        next.server.outstanding.add(1, ordering: .relaxed)
        next.lease(self)
        return true
    }

    // MARK: From the client

    func requestEnded() { perform(machine.requestDidEnd()) }

    func clientLeft() {
        let waits = app == nil
        if entry != nil, !isSettled { nameOfLeft = client?.requestName }
        perform(machine.clientDidLeave())
        client = nil
        if waits, !isSettled {
            pool?.cancel(self)
            settle(isCut: wasSent)
        }
    }

    // MARK: From the app connection

    func responseStarted() { machine.responseDidStart() }

    func responseEnded() { perform(machine.responseDidEnd()) }

    func appLeft(wasReused: Bool) {
        let action = machine.appDidLeave(wasReused: wasReused)
        app = nil
        perform(action)
        if action == .none { settle(isCut: true) }
    }

    /// The app has not answered a request whose client has left, for as long as one may take.
    func drainTimedOut() {
        app = nil
        settle()
    }

    func appBroke(_ error: RouterError) {
        guard !isSettled else { return }
        dropApp()
        if machine.responseStarted, held == nil {
            let client = self.client
            settle(isCut: true)
            client?.closeNow()
        } else {
            fail(error)
        }
    }

    /// The app's final head is there, and waits: the gateway is told the status before the client is.
    func responseIsHeld(status: Int) {
        finishHeld(.status(status)) { exchange, error in
            guard let error else {
                exchange.app?.releaseHeldResponse()
                return
            }
            let client = exchange.client
            exchange.dropApp()
            exchange.settle()
            client?.exchangeFailed(error)
        }
    }

    func appTimedOut() { perform(machine.appDidTimeOut()) }

    // MARK: Acting

    private func perform(_ action: ExchangeMachine.Action) {
        switch action {
        case .none: break
        case .finish:
            let client = self.client
            let app = self.app
            self.app = nil
            settle()
            app?.exchangeFinished()
            client?.exchangeFinished()
        case .discardRequest:
            let client = self.client
            dropApp()
            settle()
            client?.discardRequest()
        case .drainResponse:
            client = nil
            app?.drain()
        case .cancel:
            let isCut = app != nil && !machine.responseEnded
            dropApp()
            settle(isCut: isCut)
        case .retry:
            if !lease() { fail(error(.closed)) }
        case .answerBadGateway:
            pool?.noteFailure()
            fail(error(.closed))
        case .closeClient:
            let client = self.client
            dropApp()
            settle(isCut: true)
            client?.closeNow()
        case .answerTimeout:
            answerTimeout()
        }
    }

    private func answerTimeout() {
        let error = error(.timeout)
        pool?.noteFailure()
        if machine.isSafe || !machine.requestEnded {
            dropApp()
            return fail(error)
        }
        // The app may still be working on it, so it stays in flight; what it answers now comes too late for all.
        app?.drain()
        let client = self.client
        nameOfLeft = client?.requestName
        self.client = nil
        finishHeld(.failed(error)) { _, replacement in client?.exchangeFailed(replacement ?? error) }
    }

    /// There is no answer of the app's.
    private func fail(_ error: RouterError) {
        let client = self.client
        finishHeld(.failed(error)) { exchange, replacement in
            exchange.settle(isCut: exchange.wasSent)
            client?.exchangeFailed(replacement ?? error)
        }
    }

    /// Has the gateway do its part of a lifecycle call, then goes on; at once where there is none.
    private func finishHeld(_ outcome: AppOutcome, then goOn: @escaping (Exchange, RouterError?) -> Void) {
        guard let held else { return goOn(self, nil) }
        self.held = nil
        let loop = group.loop
        let eventLoop = loop.eventLoop
        let back = NIOLoopBound({ (error: RouterError?) in goOn(self, error) }, eventLoop: eventLoop)
        let shared = loop.shared
        let submitted = shared.jobs.submit {
            let error = await held.finish(outcome)
            await shared.everyLoop.learn(held.tenant.id, from: shared.lookup)
            eventLoop.execute { back.value(error) }
        }
        if !submitted {
            goOn(
                self,
                RouterError(
                    .busy, origin: .gateway, "The gateway is too busy to complete this call.", retryAfterSeconds: 5))
        }
    }

    private func error(_ fault: UpstreamServer.Fault) -> RouterError {
        pool?.server.error(fault) ?? RouterError(.internalFault, origin: .gateway, "The request has no server.")
    }

    private func dropApp() {
        let app = self.app
        self.app = nil
        app?.abandon()
    }

    /// It is over.
    /// - Parameter isCut: it was sent and has not been answered: the app may still be working on it.
    private func settle(isCut: Bool = false) {
        guard !isSettled else { return }
        isSettled = true
        if let entry {
            entry.inFlight.remove(self)
            if isCut, self.kind == .exchange { pool?.loop.noteCut(self, of: entry) }
        }
        client = nil
        pool?.server.outstanding.subtract(1, ordering: .relaxed)
        finishHeld(.failed(RouterError(.appClosed, origin: .app, "The app did not answer."))) { _, _ in }
    }
}
