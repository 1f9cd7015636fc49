import NIOCore
import TenantDirectory

// Admit: waiting at the gate of a tenant that is held.
extension ClientConnection {
    static let heldTooLong = RouterError(
        .held, origin: .gateway,
        "This tenant's data is being switched to another region, which takes longer than a "
            + "request waits; try again.", retryAfterSeconds: 1)

    static let moving = RouterError(
        .moving, origin: .gateway,
        "This tenant's data is being moved to another region, and until that is done it can be read alone; try "
            + "again later.", retryAfterSeconds: 30)

    /// Whether the request may write: by its method, by being routed without a token, by becoming a tunnel, or
    /// because the configuration says so.
    func mayWrite(as kind: RouteKind) -> Bool {
        !head.method.isSafe || !kind.keepsToMethod || head.upgradesToWebSocket || isDeclaredToWrite
    }

    /// The configuration says of the path that it may write whatever the method. To be asked while the head is in
    /// `input`.
    var isDeclaredToWrite: Bool {
        guard loop.identifier.calls.writing.hasAny, let endpoint else { return false }
        return input.withUnsafeReadableBytes { bytes in
            let path = bytes.part(head.path)
            let relative = CanonicalRequest.relativePath(path, basePath: endpoint.basePathBytes)
            return loop.identifier.calls.writing.contains(path.part(relative))
        }
    }

    /// The tenant is held: the request waits before any byte of it goes upstream, and reads no more of its body.
    func wait(at entry: TenantEntry) {
        record.tenant = entry.tenant.id
        record.region = entry.tenant.placement.region
        // The time counts from its arrival at the first node, whatever it has waited for since.
        let until = record.startedAt + times.hold - .milliseconds(Int64(statement?.waitedMilliseconds ?? 0))
        guard until > .now() else { return respond(Self.heldTooLong) }
        guard loop.parkedCount < limits.parkedRequests else { return respond(Self.gateIsFull(of: "requests")) }
        guard loop.mayWait(from: statement?.sender) else { return respond(Self.gateIsFull(of: "calls of this peer")) }
        let verdict = entry.gate.park(
            self, bytes: input.readableBytes + (heldBody?.readableBytes ?? 0), maxRequests: limits.heldRequests,
            maxBytes: limits.heldBytes)
        if case .full(let what) = verdict { return respond(Self.gateIsFull(of: what)) }
        phase = .parked
        isParked = true
        parkedAt = .now()
        loop.parkedCount += 1
        waitsAt = entry
        waitsFor = statement?.sender
        loop.beganToWait(from: waitsFor)
        deadline = until
        loop.shared.observer.observe(.requestHeld)
    }

    /// The gate has let it through: it is decided anew, for the tenant may live elsewhere now.
    func gateHasOpened() {
        guard waitsAt != nil, case .parked = phase else { return }
        waitsAt = nil
        unpark()
        phase = .head
        if let forward = unsentForward { sendForward(forward) } else { decide() }
        advance()
    }

    private static func gateIsFull(of what: String) -> RouterError {
        RouterError(
            .holdFull, origin: .gateway,
            "This tenant's data is being switched to another region, and too many \(what) "
                + "wait for that already; try again.", retryAfterSeconds: 1)
    }

    /// Method and path of the request on its way, without the query; bounded.
    var requestName: String {
        let line = outgoing.readableBytesView.prefix(256)
        let end = line.firstIndex { $0 == UInt8(ascii: "?") || $0 == HTTPBytes.carriageReturn } ?? line.endIndex
        let text = String(decoding: line[..<end], as: UTF8.self)
        return text.hasSuffix(" HTTP/1.1") ? String(text.dropLast(9)) : text
    }

    // MARK: What has no end

    /// An event stream ends at the gate, whole as far as it has come; its client will ask again.
    func eventStreamEnded() {
        guard takesChunks else { return closeNow() }
        relayEnd(chunked: true)
        exchangeFinished()
        advance()
    }

    /// A tunnel ends at the gate: the word has been said in a frame, what is left is the connection.
    func tunnelEnded() {
        flushResponse()
        endRecord(status: record.status)
        endConnection()
    }
}
