/// Hears what the data plane does; counters and log lines hang on it. Called on event loops: it must not block.
package protocol RouterObserver: Sendable {
    func observe(_ event: RouterEvent)
}

/// What is worth counting. Labels are of closed sets: no tenant, no path.
package enum RouterEvent: Sendable {
    case connectionOpened
    case connectionClosed
    /// Past `HTTPLimits.connections`.
    case connectionRefused
    /// TLS was not agreed on, or not in time.
    case handshakeFailed
    /// Two nodes did not trust each other. A caller's is counted by `handshakeFailed` besides.
    case peerFault(PeerFault)
    /// A request has been answered or given up.
    case requestEnded(region: String, route: RouteKind, status: Int, totalMicroseconds: Int)
    /// The gateway answered by itself.
    case refused(RouterError.Code)
    /// Report mode forwarded what enforce mode would have refused.
    case wouldRefuse(RouterError.Code, RouteKind)
    /// A host call arrived at the public URL of another region than the tenant's.
    case displacedCall
    /// A request waits because its tenant is held.
    case requestHeld
    case upstreamConnectionOpened
    case upstreamConnectionFailed
}

/// How a request found its tenant: the metric's label, the log's field and the value of `X-Residency-Identified-By`.
package enum RouteKind: String, Sendable, CaseIterable {
    /// Nothing was known before it ended.
    case none
    case health
    case descriptor
    case lifecycle
    /// A residency hook of the host's.
    case migration
    /// A host token, a session token or a context token.
    case token
    case forge
    case route
    case cookie
    /// By the host name alone.
    case host
    /// A call of another node, for the gateway itself.
    case peer
}
