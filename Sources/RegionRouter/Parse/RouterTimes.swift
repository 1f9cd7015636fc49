import NIOCore

/// The time-outs of ``HTTPLimits`` in the event loops' own unit, converted once.
struct RouterTimes: Sendable {
    let head: TimeAmount
    let body: TimeAmount
    let keepAlive: TimeAmount
    let handshake: TimeAmount
    let write: TimeAmount
    let connect: TimeAmount
    let response: TimeAmount
    /// From a peer, which answers with an error of its own when its app instance does not.
    let peerResponse: TimeAmount
    let appMaxRequest: TimeAmount
    let idleUpstream: TimeAmount
    let upstreamQueue: TimeAmount
    let tunnel: TimeAmount
    let park: TimeAmount
    let news: TimeAmount
    let hold: TimeAmount
    let drain: TimeAmount

    init(_ limits: HTTPLimits) {
        head = TimeAmount(limits.headTimeout)
        body = TimeAmount(limits.bodyTimeout)
        keepAlive = TimeAmount(limits.keepAliveTimeout)
        handshake = TimeAmount(limits.handshakeTimeout)
        write = TimeAmount(limits.writeTimeout)
        connect = TimeAmount(limits.connectTimeout)
        response = TimeAmount(limits.responseTimeout)
        peerResponse = response + TimeAmount(limits.connectTimeout) + TimeAmount(limits.upstreamQueueTimeout)
        appMaxRequest = TimeAmount(limits.appMaxRequestTime)
        idleUpstream = TimeAmount(limits.idleUpstreamTimeout)
        upstreamQueue = TimeAmount(limits.upstreamQueueTimeout)
        tunnel = TimeAmount(limits.tunnelTimeout)
        park = TimeAmount(limits.parkTimeout)
        news = TimeAmount(limits.newsTimeout)
        hold = TimeAmount(limits.holdBudget)
        drain = TimeAmount(limits.drainTimeout)
    }
}
