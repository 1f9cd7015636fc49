import NIOCore
import TenantDirectory

/// A call that the gateway answers itself, or has a part in.
final class ControlCall {
    enum Stage {
        /// Its body is being read.
        case body
        /// The gateway has been asked.
        case asked
    }

    /// Whose call it is, and so who is asked.
    enum Subject {
        case host(HostCall.Kind, PublicEndpoint)
        /// Another node's, on the peers' listener.
        case peer
    }

    let subject: Subject
    var stage = Stage.body
    var body = ByteBuffer()

    init(_ subject: Subject) { self.subject = subject }
}

// Descriptor, lifecycle: read whole, asked about, and answered or forwarded.
extension ClientConnection {
    func beginControl(_ subject: ControlCall.Subject) {
        switch subject {
        case .host(.descriptor, _): record.route = .descriptor
        case .host(.lifecycle, _): record.route = .lifecycle
        case .host(.migration, _): record.route = .migration
        case .peer: record.route = .peer
        }
        let isPeers = if case .peer = subject { true } else { false }
        let maxBytes = isPeers ? HTTPLimits.peerBodyBytes : limits.controlBodyBytes
        do throws(RouterError) {
            body = try RequestBody(head.framing, limits: limits, maxBytes: maxBytes)
        } catch {
            return respond(error)
        }
        let call = ControlCall(subject)
        // The head stays, for the call may be forwarded; the body is read behind it.
        controlHead = input.readSlice(length: head.end) ?? ByteBuffer()
        phase = .control(call)
        deadline = .now() + times.body
        sayContinue()
        collectControlBody()
    }

    func collectControlBody() {
        guard case .control(let call) = phase, case .body = call.stage else { return }
        do throws(RouterError) {
            while var data = try body.take(&input) { call.body.writeBuffer(&data) }
        } catch {
            keepAlive = false
            return respond(error)
        }
        guard body.hasEnded else { return }
        record.requestBytes = call.body.readableBytes
        ask(call)
    }

    func controlTimedOut(_ call: ControlCall) {
        switch call.stage {
        case .body:
            keepAlive = false
            respond(RouterError(.requestTimeout, "The request's body did not arrive in time."))
        case .asked:
            respond(
                RouterError(
                    .busy, origin: .gateway, "The gateway did not come to an answer in time.", retryAfterSeconds: 5))
        }
    }

    private func ask(_ call: ControlCall) {
        call.stage = .asked
        deadline = .now() + times.response
        let question = question(call)
        let number = requestNumber
        let eventLoop = loop.eventLoop
        let back = NIOLoopBound(
            { [self, loop] (answer: HostAnswer) in
                loop.tick()
                guard requestNumber == number, case .control = phase else {
                    let error = RouterError(.appClosed, "The client left before the call could be forwarded.")
                    if case .forward(let forward) = answer { Self.abandon(forward, error, loop) }
                    return
                }
                take(answer, for: call)
                advance()
            }, eventLoop: eventLoop)
        let submitted = loop.shared.jobs.submit {
            let answer = await question()
            eventLoop.execute { back.value(answer) }
        }
        guard !submitted else { return }
        respond(RouterError(.busy, origin: .gateway, "The gateway is too busy for this call.", retryAfterSeconds: 5))
    }

    private func question(_ call: ControlCall) -> @Sendable () async -> HostAnswer {
        switch call.subject {
        case .host(let kind, let endpoint):
            let endpoints = loop.shared.endpoints
            let hostCall = hostCall(kind, endpoint, call.body)
            return { await endpoints.answer(hostCall) }
        case .peer:
            let endpoints = loop.shared.peerEndpoints
            let peerCall = peerCall(call.body)
            return { .respond(await endpoints.answer(peerCall)) }
        }
    }

    private func hostCall(_ kind: HostCall.Kind, _ endpoint: PublicEndpoint, _ body: ByteBuffer) -> HostCall {
        controlHead.withUnsafeReadableBytes { bytes in
            HostCall(
                kind: kind, requestID: record.requestID, method: HTTPBytes.text(bytes, head.methodRange),
                path: HTTPBytes.text(bytes, head.path), query: HTTPBytes.text(bytes, head.query),
                endpoint: endpoint,
                authorization: head.hasAuthorization && !head.repeatsAuthorization
                    ? HTTPBytes.text(bytes, head.authorization) : nil,
                actedOnFor: statement?.isActedOn == true ? statement?.placement?.tenant : nil, body: body)
        }
    }

    private func peerCall(_ body: ByteBuffer) -> PeerCall {
        controlHead.withUnsafeReadableBytes { bytes in
            PeerCall(
                method: HTTPBytes.text(bytes, head.methodRange),
                path: String(HTTPBytes.text(bytes, head.path).dropFirst(PeerCall.pathPrefix.utf8.count)),
                query: HTTPBytes.text(bytes, head.query), certificateName: link.certificate?.names.first,
                body: body)
        }
    }

    private func take(_ answer: HostAnswer, for call: ControlCall) {
        switch answer {
        case .respond(let response): self.answer(response)
        case .refuse(let error): respond(error)
        case .forward(let forward): sendHeld(forward, call)
        }
    }

    /// The call goes on to the app, with the bytes it came with; the answer is held until the gateway has done its
    /// part. It passes the tenant's gate like any other, so the loop must have the tenant at hand.
    private func sendHeld(_ forward: HostForward, _ call: ControlCall) {
        record.tenant = forward.tenant.id
        // The head goes back to where a forwarded head is expected.
        var whole = controlHead
        whole.writeBuffer(&input)
        input = whole
        heldBody = call.body
        phase = .head
        unsentForward = forward
        sendForward(forward)
    }

    /// Sends it on, or lets it wait at the gate; called again when that opens.
    func sendForward(_ forward: HostForward) {
        guard let entry = loop.tenants.entry(.id(forward.tenant.id)) else { return loadForGate(forward) }
        if entry.isHeld { return wait(at: entry) }
        sendForward(forward, entry)
    }

    private func sendForward(_ forward: HostForward, _ entry: TenantEntry?) {
        let region: Region
        let way: RegionDecision.Way
        do throws(RouterError) {
            region = try loop.shared.decision.region(ofInstall: forward.tenant)
            way = try loop.shared.decision.way(to: region, after: statement)
            if case .wait(let error) = way { throw error }
        } catch {
            return respond(error)
        }
        record.region = region
        // What app and peer are told comes from the call's own record, which may be ahead of the one in force.
        let called = TenantEntry(forward.tenant)
        let target = Routing.Target(
            entry: way == .peer ? called : entry, region: region, isForPeer: way == .peer, kind: .lifecycle,
            lines: called.fieldLines(verifiedAs: .connect), isHostCall: false)
        let length = heldBody?.readableBytes ?? 0
        let framing = length == 0 && head.framing == .none ? RequestHead.Framing.none : .length(length)
        unsentForward = nil
        send(target, framing: framing, held: forward)
    }

    private func loadForGate(_ forward: HostForward) {
        let lookup = loop.shared.lookup
        let key = TenantKey.id(forward.tenant.id)
        loop.tenants.loadBegan()
        let submitted = park { () async -> Result<Tenant?, DirectoryError> in
            do throws(DirectoryError) { return .success(try await lookup.tenant(key)) } catch { return .failure(error) }
        } then: { connection, result in
            switch result {
            case .success(.some): connection.sendForward(forward)
            // A tenant that is not there has no gate.
            case .success(.none): connection.sendForward(forward, nil)
            case .failure:
                connection.respond(
                    RouterError(
                        .directoryUnavailable, origin: .directory,
                        "The directory of tenants cannot be asked right now.", retryAfterSeconds: 2))
            }
        } always: { loop, result in
            loop.loadEnded(try? result.get())
        }
        if !submitted { loop.loadEnded(nil) }
    }

    /// The call does not get to the app: what the gateway stored for it is taken back.
    func abandonForward(_ error: RouterError) {
        guard let forward = unsentForward else { return }
        unsentForward = nil
        Self.abandon(forward, error, loop)
    }

    private static func abandon(_ forward: HostForward, _ error: RouterError, _ loop: RouterLoop) {
        let finish = forward.finish
        // Where not even this can be queued, the directory keeps an attempt that the host's next one replaces.
        _ = loop.shared.jobs.submit { _ = await finish(.failed(error)) }
    }
}
