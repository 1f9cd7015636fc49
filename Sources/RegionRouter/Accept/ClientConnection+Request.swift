import NIOCore
import TenantDirectory

// Parse, then have it decided.
extension ClientConnection {
    /// - Returns: whether a whole head is there, and read.
    func readHead() -> Bool {
        if lines.isAtStart {
            record.startedAt = loop.now
            deadline = record.startedAt + times.head
        }
        let result = input.withUnsafeReadableBytes { bytes -> Result<Bool, RouterError> in
            do throws(RouterError) {
                guard case .complete(let end) = try lines.scan(bytes, limits: limits) else { return .success(false) }
                try head.read(bytes, lines: lines, end: end, limits: limits)
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(true):
            lines.reset()
            beginRecord()
            return true
        case .success(false):
            return false
        case .failure(let error):
            // Whether more requests follow, and where, can no longer be told.
            lines.reset()
            head = RequestHead()
            beginRecord()
            keepAlive = false
            respond(error)
            return false
        }
    }

    func beginRecord() {
        requestNumber += 1
        tried = Routing.Tried()
        statement = nil
        newsDue = nil
        waited = .zero
        deadline = nil
        responseStarted = false
        saidContinue = false
        body = RequestBody()
        let startedAt = record.startedAt
        record = RequestRecord()
        record.startedAt = startedAt
        record.method = head.method
        keepAlive = head.keepAlive && !loop.isLeaving && requestNumber < limits.requestsPerConnection
        record.id = loop.random.next()
        requestID = RequestID(value: record.id)
        guard isTrustedPeer || door == .peers, !head.requestID.isEmpty else { return }
        input.withUnsafeReadableBytes { bytes in
            requestID = RequestID(value: record.id, given: head.requestID, in: bytes)
            record.givenID = requestID.given.map { HTTPBytes.text(bytes, $0) }
        }
    }

    /// Decides what to do with the request whose head is at the beginning of `input`, and does it.
    func decide(failure: RouterError? = nil) {
        do throws(RouterError) {
            body = try RequestBody(head.framing, limits: limits, maxBytes: limits.bodyBytes)
        } catch {
            // The body stays unread: what follows the head must not be taken for the next request.
            keepAlive = false
            return respond(error)
        }
        let decision = input.withUnsafeReadableBytes { bytes -> Routing.Decision in
            do throws(RouterError) {
                if door == .peers, PeerCall.isCall(bytes, head) { return .control(.peer) }
                guard let endpoint = try endpoint(bytes) else { return .health }
                if door == .peers { try readStatement(bytes) }
                return Routing(
                    loop: loop, endpoint: endpoint, tried: tried, statement: statement, failure: failure
                ).decide(bytes, head)
            } catch {
                return .refuse(error, .none)
            }
        }
        record.identifiedAt = loop.tick()
        perform(decision)
    }

    /// What the peer says of the request that it passes on. A higher epoch than is known here counts at once.
    private func readStatement(_ bytes: UnsafeRawBufferPointer) throws(RouterError) {
        guard statement == nil else { return }
        let statement = try PeerStatement(bytes, head)
        if let placement = statement.placement { loop.learn(placement) }
        self.statement = statement
    }

    /// The public URL that was called; `nil` for the health path, which every host name has.
    private func endpoint(_ bytes: UnsafeRawBufferPointer) throws(RouterError) -> PublicEndpoint? {
        let path = UnsafeRawBufferPointer(rebasing: bytes[head.path])
        if head.method == .get, HTTPBytes.equals(path, loop.shared.healthPath) { return nil }
        let host = calledHost(bytes)
        if let cached = hostCache, HTTPBytes.equals(host, cached.host) {
            endpoint = cached.endpoint
            return cached.endpoint
        }
        switch loop.shared.hosts.match(host, path: path) {
        case .endpoint(let index):
            let called = loop.shared.hosts[index]
            endpoint = called
            if loop.shared.hosts.needsNoPath(index) { hostCache = (Array(host), called) }
            return called
        case .unknownHost:
            throw RouterError(.unknownHost, "No public base URL of this app has the host name that was called.")
        case .unknownPath:
            throw RouterError(.notFound, "No public base URL with this host name has a path that this one begins with.")
        }
    }

    /// The host name the client called: a trusted proxy may have put it elsewhere.
    func calledHost(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let isForwarded =
            isTrustedPeer && loop.shared.configuration.listen.trustForwardedHost && !head.forwardedHost.isEmpty
        return UnsafeRawBufferPointer(rebasing: bytes[isForwarded ? head.forwardedHost : head.host])
    }

    private func perform(_ decision: Routing.Decision) {
        switch decision {
        case .health: respondHealthy()
        case .control(let subject): beginControl(subject)
        case .forward(let target): forward(target)
        case .hold(let entry): wait(at: entry)
        case .load(let key, let fresh): load(key, fresh: fresh)
        case .fetch(let query): fetch(query)
        case .admit(let install): admit(install)
        case .wait(let tenant, let error): awaitNews(of: tenant, else: error)
        case .refuse(let error, let kind):
            record.route = kind
            respond(error)
        }
    }

    private func respondHealthy() {
        record.route = .health
        let response = HostResponse(status: 200, contentType: "text/plain", body: Array("ok\n".utf8))
        answer(response)
    }

    // MARK: Forward

    private func forward(_ target: Routing.Target) {
        record.route = target.kind
        record.region = target.region
        record.tenant = target.entry?.tenant.id
        if let entry = target.entry, entry.isMoving, mayWrite(as: target.kind) { return respond(Self.moving) }
        // The node that the host has called has told the directory already.
        if target.isHostCall, statement == nil, let entry = target.entry { noteHostRealm(entry) }
        send(target, framing: head.framing)
    }

    /// Writes the head for the app and asks for a connection; the body follows by itself.
    ///
    /// - Parameter held: the gateway's part in a lifecycle call.
    func send(_ target: Routing.Target, framing: RequestHead.Framing, held: HostForward? = nil) {
        guard let group = loop.group(target.region) else {
            return respond(RouterError(.noInstance, origin: .gateway, "No app instance of this region is configured."))
        }
        let written = input.withUnsafeReadableBytes { bytes in
            target.isForPeer
                ? rewriteForPeer(bytes, target, framing, isActedOn: held != nil, into: &outgoing)
                : rewrite(bytes, target, framing, into: &outgoing)
        }
        guard written else {
            return respond(RouterError(.internalFault, origin: .gateway, "The request's head could not be written."))
        }
        let opensPage = target.isHostCall && target.kind == .token && head.method == .get && !target.isForPeer
        ownLines = opensPage ? loop.cookieLine(target.entry) : []
        if let stated = statement?.placement, let known = target.entry?.tenant, known.id == stated.tenant,
            known.placement.epoch > stated.placement.epoch
        {
            ownLines += StatedPlacement(known).answerLine
        }
        let isSafe = head.method.isSafe && target.kind.keepsToMethod && !isDeclaredToWrite
        input.moveReaderIndex(forwardBy: head.end)
        // A peer counts what its app instances work on; here it is not in flight.
        let exchange = Exchange(
            client: self, entry: target.isForPeer ? nil : target.entry, group: group, method: head.method,
            isSafe: isSafe, hasBody: framing != .none && framing != .length(0),
            held: held)
        phase = .exchange(exchange)
        deadline = body.hasEnded ? nil : .now() + times.body
        exchange.lease()
    }

    private func rewrite(
        _ bytes: UnsafeRawBufferPointer, _ target: Routing.Target, _ framing: RequestHead.Framing,
        into buffer: inout ByteBuffer
    ) -> Bool {
        let publicHost = calledHost(bytes)
        return write(
            bytes, framing, host: publicHost, originLines: originLines(bytes, host: publicHost),
            residencyLines: target.lines, into: &buffer)
    }

    /// The head that goes to a peer: what the peer makes of it for its app instance is its own business.
    private func rewriteForPeer(
        _ bytes: UnsafeRawBufferPointer, _ target: Routing.Target, _ framing: RequestHead.Framing, isActedOn: Bool,
        into buffer: inout ByteBuffer
    ) -> Bool {
        let line = loop.peerLine(
            target.region, target.entry, after: statement?.hops ?? 0, waited: waitedMilliseconds, isActedOn: isActedOn)
        return write(
            bytes, framing, host: calledHost(bytes), originLines: peerOriginLine(bytes), residencyLines: line,
            into: &buffer)
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, _ framing: RequestHead.Framing, host: UnsafeRawBufferPointer,
        originLines: [UInt8], residencyLines: [UInt8], into buffer: inout ByteBuffer
    ) -> Bool {
        buffer.clear()
        outgoingHostCount = host.count
        return RequestRewrite(
            framing: framing, host: host, originLines: originLines, residencyLines: residencyLines,
            requestID: requestID, trace: TraceContext(given: head.traceparent, in: bytes, random: &loop.random)
        ).write(bytes, head, into: &buffer)
    }

    /// The lines about the client. For a client of our own they change with the host name alone, and are kept.
    private func originLines(_ bytes: UnsafeRawBufferPointer, host: UnsafeRawBufferPointer) -> [UInt8] {
        guard isTrustedPeer || door == .peers else {
            if let cached = originCache, HTTPBytes.equals(host, cached.host) { return cached.lines }
            let lines = ClientOrigin(address: clientAddress, link: link)
                .fieldLines(host: String(decoding: host, as: UTF8.self))
            originCache = (Array(host), lines)
            return lines
        }
        return origin(bytes).fieldLines(host: String(decoding: host, as: UTF8.self))
    }

    /// Who the request came from: the client itself, or who a load balancer or a peer says it is.
    private func origin(_ bytes: UnsafeRawBufferPointer) -> ClientOrigin {
        if let statement { return ClientOrigin(address: statement.client, scheme: statement.scheme) }
        guard isTrustedPeer else { return ClientOrigin(address: clientAddress, link: link) }
        let entries = head.forwardedFor.map { Substring(HTTPBytes.text(bytes, $0)) }
        let address = ClientOrigin.client(
            behind: clientAddress, entries: entries, trusted: loop.shared.configuration.listen.trustedProxies)
        let isSecure =
            head.forwardedProto.isEmpty ? link.isSecure : HTTPBytes.matches(bytes, head.forwardedProto, "https")
        return ClientOrigin(address: address, scheme: isSecure ? "https" : "http", isStream: link.isStream)
    }

    /// The line about the client for a peer. For a client of our own it does not change, and is kept.
    private func peerOriginLine(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let changes = isTrustedPeer || door == .peers
        if let peerOriginLine, !changes { return peerOriginLine }
        let origin = origin(bytes)
        let line = PeerStatement.originLine(client: origin.address, scheme: origin.scheme)
        if !changes { peerOriginLine = line }
        return line
    }

    /// The host called another region's URL than the last time: told to the directory, once.
    private func noteHostRealm(_ entry: TenantEntry) {
        guard let called = endpoint?.region else { return }
        let isDisplaced = called != entry.facts.region && called != .global
        if isDisplaced { loop.shared.observer.observe(.displacedCall) }
        guard entry.facts.hostRealm != called else { return }
        let reports = loop.shared.reports
        let id = entry.tenant.id
        if loop.shared.jobs.submit({ await reports.hostRealm(called, of: id) }) { entry.noteHostRealm(called) }
    }

    // MARK: Parking

    private func load(_ key: TenantKey, fresh: Bool) {
        tried.load = true
        tried.fresh = tried.fresh || fresh
        let lookup = loop.shared.lookup
        loop.tenants.loadBegan()
        let submitted = park { () async -> Result<Tenant?, DirectoryError> in
            do throws(DirectoryError) {
                return .success(fresh ? try await lookup.freshTenant(key) : try await lookup.tenant(key))
            } catch {
                return .failure(error)
            }
        } then: { connection, result in
            connection.loaded(key, result)
        } always: { loop, result in
            loop.loadEnded(try? result.get())
        }
        if !submitted { loop.loadEnded(nil) }
    }

    private func loaded(_ key: TenantKey, _ result: Result<Tenant?, DirectoryError>) {
        switch result {
        case .success(let tenant):
            // Changed while it was being read: read it again.
            if tenant != nil, loop.tenants.entry(key) == nil { tried.load = false }
            decide()
        case .failure(let error):
            let message = "The directory of tenants cannot be asked right now."
            // Who could not ask must not be told 401 for it a moment later.
            loop.tenants.entry(key)?.freshCheckedAt = .min
            decide(
                failure: RouterError(
                    error.code == .busy ? .busy : .directoryUnavailable, origin: .directory, message,
                    retryAfterSeconds: 2))
        }
    }

    /// Lets the request wait, within the time that one waits for a record, until something new is known of its tenant.
    private func awaitNews(of tenant: TenantID, else error: RouterError) {
        guard newsDue.map({ .now() < $0.until }) ?? true else { return respond(error) }
        guard loop.parkedCount < limits.parkedRequests else {
            _ = refuseToPark()
            return
        }
        let due = newsDue?.until ?? .now() + times.news
        beginParking(until: due)
        newsDue = (due, error)
        let number = requestNumber
        loop.awaitNews(of: tenant) { [weak self] in
            guard let self, self.requestNumber == number, case .parked = self.phase else { return }
            self.unpark()
            self.phase = .head
            self.decide()
            self.advance()
        }
    }

    private func fetch(_ query: PublicKeyQuery) {
        tried.key = true
        let keys = loop.shared.keys
        _ = park { () async -> Result<RSAPublicKey, RouterError> in
            do throws(RouterError) { return .success(try await keys.key(query)) } catch { return .failure(error) }
        } then: { connection, result in
            if case .failure(let error) = result { connection.decide(failure: error) } else { connection.decide() }
        } always: { loop, result in
            if let key = try? result.get() { loop.keep(key, for: query) }
        }
    }

    private func admit(_ install: ForgeInstall) {
        tried.admit = true
        let reports = loop.shared.reports
        loop.tenants.loadBegan()
        let submitted = park { () async -> Result<Tenant, DirectoryError> in
            do throws(DirectoryError) { return .success(try await reports.forgeInstallation(install)) } catch {
                return .failure(error)
            }
        } then: { connection, result in
            connection.loaded(.alias(install.alias), result.map { $0 })
        } always: { loop, result in
            loop.loadEnded(try? result.get())
        }
        if !submitted { loop.loadEnded(nil) }
    }

    /// Lets the request wait, in order, while `work` asks elsewhere.
    ///
    /// - Parameters:
    ///   - then: on this loop, with the result, if the request still waits.
    ///   - always: on this loop, with the result, before that, whatever has become of the request.
    /// - Returns: `false` when the bound on waiting requests is reached; the request has then been refused.
    func park<Value: Sendable>(
        _ work: @escaping @Sendable () async -> Value, then: @escaping (ClientConnection, Value) -> Void,
        always: @escaping (RouterLoop, Value) -> Void
    ) -> Bool {
        guard loop.parkedCount < limits.parkedRequests else { return refuseToPark() }
        let number = requestNumber
        let eventLoop = loop.eventLoop
        let back = NIOLoopBound(
            { [self, loop] (value: Value) in
                loop.tick()
                always(loop, value)
                // A client that leaves counts on, too.
                guard requestNumber == number, case .parked = phase else { return }
                unpark()
                phase = .head
                then(self, value)
                advance()
            }, eventLoop: eventLoop)
        let submitted = loop.shared.jobs.submit {
            let value = await work()
            eventLoop.execute { back.value(value) }
        }
        guard submitted else { return refuseToPark() }
        beginParking(until: .now() + times.park)
        return true
    }

    private func beginParking(until due: NIODeadline) {
        phase = .parked
        isParked = true
        parkedAt = .now()
        loop.parkedCount += 1
        deadline = due
    }

    /// Milliseconds that the request has waited, at nodes before as well.
    private var waitedMilliseconds: Int {
        (statement?.waitedMilliseconds ?? 0) + Int(waited.nanoseconds / 1_000_000)
    }

    private func refuseToPark() -> Bool {
        respond(
            RouterError(
                .busy, origin: .gateway, "Too many requests wait for the directory or a key.", retryAfterSeconds: 1))
        return false
    }

    func unpark() {
        guard isParked else { return }
        isParked = false
        waited = waited + (.now() - parkedAt)
        loop.parkedCount -= 1
        deadline = nil
        waitsAt?.gate.leave(self)
        waitsAt = nil
        loop.ceasedToWait(from: waitsFor)
        waitsFor = nil
    }
}
