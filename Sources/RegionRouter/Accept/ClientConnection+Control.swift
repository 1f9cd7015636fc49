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
        case .peer: record.route = .peer
        }
        do throws(RouterError) {
            body = try RequestBody(head.framing, limits: limits, maxBytes: limits.controlBodyBytes)
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
                query: HTTPBytes.text(bytes, head.query), certificateName: nil, body: body)
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
    /// part.
    private func sendHeld(_ forward: HostForward, _ call: ControlCall) {
        let region: Region
        do throws(RouterError) {
            region = try loop.shared.decision.region(ofInstall: forward.tenant)
        } catch {
            Self.abandon(forward, error, loop)
            return respond(error)
        }
        record.region = region
        record.tenant = forward.tenant.id
        let entry = TenantEntry(forward.tenant)
        let way: RegionDecision.Way
        do throws(RouterError) {
            way = try loop.shared.decision.way(to: region, after: statement)
            if case .wait(let error) = way { throw error }
        } catch {
            Self.abandon(forward, error, loop)
            return respond(error)
        }
        // For an app instance it has no tenant that would hold it; a peer is told which it is.
        let target = Routing.Target(
            entry: way == .peer ? entry : nil, region: region, isForPeer: way == .peer, kind: .lifecycle,
            lines: entry.fieldLines(verifiedAs: .connect), isHostCall: false)
        // The head goes back to where a forwarded head is expected.
        var whole = controlHead
        whole.writeBuffer(&input)
        input = whole
        heldBody = call.body
        let length = call.body.readableBytes
        send(target, framing: length == 0 && head.framing == .none ? .none : .length(length), held: forward)
    }

    /// The call does not get to the app: what the gateway stored for it is taken back.
    private static func abandon(_ forward: HostForward, _ error: RouterError, _ loop: RouterLoop) {
        let finish = forward.finish
        // Where not even this can be queued, the directory keeps an attempt that the host's next one replaces.
        _ = loop.shared.jobs.submit { _ = await finish(.failed(error)) }
    }
}
