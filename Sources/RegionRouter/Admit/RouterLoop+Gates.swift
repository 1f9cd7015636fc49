import NIOCore
import TenantDirectory

// The gate of a tenant, on one event loop.
extension RouterLoop {
    /// Requests that go on at a time when a gate opens; those of others come in between.
    private static var releasedAtOnce: Int { 64 }

    /// A load has come to its end, with a record or without.
    func loadEnded(_ tenant: Tenant?) {
        if let entry = tenants.loadEnded(tenant) { followGate(of: entry) }
    }

    /// The placement of the entry has changed, or it is gone: closes or opens its gate.
    func followGate(of id: TenantID) {
        if let entry = tenants.peek(id) { followGate(of: entry) }
    }

    func followGate(of entry: TenantEntry) {
        if entry.isHeld {
            for request in entry.inFlight.all where request.kind != .exchange { request.closeAtGate() }
        } else {
            if entry.isMoving {
                for request in entry.inFlight.all where request.kind == .tunnel { request.closeAtGate() }
            }
            releaseWaiting(at: entry)
        }
    }

    /// Lets those go on that wait at an open gate, in order, a few at a time.
    private func releaseWaiting(at entry: TenantEntry) {
        guard !entry.isHeld, !entry.gate.isEmpty, !entry.isReleasing else { return }
        for client in entry.gate.takeFirst(Self.releasedAtOnce) { client.gateHasOpened() }
        guard !entry.gate.isEmpty else { return }
        entry.isReleasing = true
        let bound = NIOLoopBound((self, entry), eventLoop: eventLoop)
        eventLoop.execute {
            let (loop, entry) = bound.value
            entry.isReleasing = false
            loop.releaseWaiting(at: entry)
        }
    }

    // MARK: Calls of peers that wait

    /// Whether one more call that a peer has passed on may wait here. It keeps a connection of the peer's, which others
    /// need too: at most a quarter of them wait at gates (amendment H20).
    /// - Parameter peer: `nil` for a client's own call.
    func mayWait(from peer: String?) -> Bool {
        guard let peer else { return true }
        let quarter = max(1, shared.limits.upstreamConnections / max(1, shared.loopCount) / 4)
        return waitingFromPeers[peer, default: 0] < quarter
    }

    func beganToWait(from peer: String?) {
        if let peer { waitingFromPeers[peer, default: 0] += 1 }
    }

    func ceasedToWait(from peer: String?) {
        guard let peer, let count = waitingFromPeers[peer] else { return }
        waitingFromPeers[peer] = count > 1 ? count - 1 : nil
    }

    /// A request was cut: its tenant stays at hand until the app's longest time is over.
    func noteCut(_ request: InFlightRequest, of entry: TenantEntry) {
        let now = NIODeadline.now()
        if !entry.inFlight.hasCuts { entriesWithCuts.append(entry) }
        entry.inFlight.noteCut(request, now: now, until: now + shared.times.appMaxRequest)
    }

    /// Lets go of what was cut long ago.
    func forgetCuts(now: NIODeadline) {
        guard !entriesWithCuts.isEmpty else { return }
        entriesWithCuts.removeAll { entry in
            entry.inFlight.forgetCuts(now: now)
            return !entry.inFlight.hasCuts
        }
    }

    /// What of the tenant is in flight here.
    func traffic(of tenant: TenantID) -> TenantTraffic {
        tenants.peek(tenant)?.inFlight.traffic(now: .now()) ?? TenantTraffic()
    }
}
