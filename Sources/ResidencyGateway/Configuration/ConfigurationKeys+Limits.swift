import RegionRouter

extension ConfigurationKey {
    /// One for each field of `HTTPLimits`.
    static let limits: [ConfigurationKey] = requestLimits + connectionLimits + instanceLimits + loopLimits

    private static let requestLimits: [ConfigurationKey] = [
        .scalar(
            "limits.headBytes", \.limits.headBytes, .bytes(1_024...(1 << 20)),
            "Request line and fields together; past it 431."),
        .scalar("limits.headFields", \.limits.headFields, .integer(10...10_000), "Field lines of a head; past it 431."),
        .scalar(
            "limits.targetBytes", \.limits.targetBytes, .bytes(256...(1 << 20)), "The request target; past it 414."),
        .scalar("limits.bodyBytes", \.limits.bodyBytes, .bytes(0...(1 << 40)), "A request body; past it 413."),
        .scalar(
            "limits.controlBodyBytes", \.limits.controlBodyBytes, .bytes(1_024...(1 << 26)),
            "A body that the gateway itself reads (lifecycle); past it 413."),
        .scalar(
            "limits.responseHeadBytes", \.limits.responseHeadBytes, .bytes(1_024...(1 << 20)),
            "A response head; past it 502."),
        .scalar(
            "limits.chunkLineBytes", \.limits.chunkLineBytes, .bytes(16...65_536),
            "A chunk-size line; past it 400, or 502 from an app instance."),
        .scalar("limits.tokenBytes", \.limits.tokenBytes, .bytes(512...(1 << 20)), "A token; past it 401."),
        .scalar(
            "limits.headTimeout", \.limits.headTimeout, anyTimeout,
            "From the first byte of a head to its last; past it 408."),
        .scalar(
            "limits.bodyTimeout", \.limits.bodyTimeout, anyTimeout, "Between two reads of a body; past it 408."),
    ]

    private static let connectionLimits: [ConfigurationKey] = [
        .scalar(
            "limits.keepAliveTimeout", \.limits.keepAliveTimeout, anyTimeout,
            "An idle connection of a client; past it the connection is closed."),
        .scalar(
            "limits.writeTimeout", \.limits.writeTimeout, anyTimeout,
            "A client that takes nothing of a response; past it the connection is closed."),
        .scalar(
            "limits.connections", \.limits.connections, .integer(1...1_000_000),
            "Client connections of the process; past it new ones are closed at once."),
        .scalar(
            "limits.requestsPerConnection", \.limits.requestsPerConnection, .integer(1...1_000_000_000),
            "Requests on one client connection; the last is answered with Connection: close, or GOAWAY."),
        .scalar(
            "limits.handshakeTimeout", \.limits.handshakeTimeout, anyTimeout,
            "A TLS handshake; past it the connection is closed."),
        .scalar(
            "limits.handshakes", \.limits.handshakes, .integer(1...1_000_000),
            "Unfinished TLS handshakes, per event loop; past it new connections are closed at once."),
        .scalar(
            "limits.streams", \.limits.streams, .integer(1...10_000),
            "Requests of one HTTP/2 connection at a time; past it a stream is refused."),
        .scalar(
            "limits.streamResets", \.limits.streamResets, .integer(1...100_000),
            "Streams of one HTTP/2 connection that its client resets within 30 s; past it the connection ends."),
    ]

    private static let instanceLimits: [ConfigurationKey] = [
        .scalar(
            "limits.connectTimeout", \.limits.connectTimeout, anyTimeout, "Connecting to an instance; past it 504."),
        .scalar(
            "limits.responseTimeout", \.limits.responseTimeout, anyTimeout,
            "Until the first byte of a response, and between two reads of it; past it 504."),
        .scalar(
            "limits.idleUpstreamConnections", \.limits.idleUpstreamConnections, .integer(0...65_536),
            "Idle connections kept, per event loop and app instance."),
        .scalar(
            "limits.idleUpstreamTimeout", \.limits.idleUpstreamTimeout, anyTimeout, "How long one of them is kept."),
        .scalar(
            "limits.upstreamConnections", \.limits.upstreamConnections, .integer(1...65_536),
            "Connections to one app instance or peer, split over the event loops; past it requests wait."),
        .scalar(
            "limits.upstreamQueue", \.limits.upstreamQueue, .integer(0...1_000_000),
            "Requests that wait for such a connection, split over the event loops; past it 503."),
        .scalar(
            "limits.upstreamQueueTimeout", \.limits.upstreamQueueTimeout, anyTimeout,
            "How long one of them waits; past it 503."),
        .scalar(
            "limits.tunnelTimeout", \.limits.tunnelTimeout, .duration(.milliseconds(10) ... .seconds(86_400)),
            "A WebSocket on which nothing moves; past it both sides are closed."),
    ]

    private static let loopLimits: [ConfigurationKey] = [
        .scalar(
            "limits.tenantsPerLoop", \.limits.tenantsPerLoop, .integer(1...10_000_000),
            "Tenants an event loop keeps at hand."),
        .scalar(
            "limits.parkedRequests", \.limits.parkedRequests, .integer(1...1_000_000),
            "Requests of an event loop that wait for a tenant's record or a public key; past it 503."),
        .scalar("limits.parkTimeout", \.limits.parkTimeout, anyTimeout, "How long one of them waits; past it 503."),
        .scalar(
            "limits.newsTimeout", \.limits.newsTimeout, anyTimeout,
            "How long a request that two nodes have passed on waits for a newer record of its tenant; past it 508."),
        .scalar(
            "limits.appMaxRequestTime", \.limits.appMaxRequestTime, .duration(.milliseconds(10) ... .seconds(86_400)),
            "How long an app may work on a request whose client has left; past it the connection to it is closed."),
        .scalar(
            "limits.holdBudget", \.limits.holdBudget, anyTimeout,
            "How long a request waits while its tenant is being switched to another region; past it 503."),
        .scalar(
            "limits.heldRequests", \.limits.heldRequests, .integer(0...1_000_000),
            "Requests of one tenant that an event loop keeps waiting meanwhile; past it 503."),
        .scalar(
            "limits.heldBytes", \.limits.heldBytes, .bytes(0...(1 << 34)),
            "Bytes of those requests, as far as they have come; past it 503."),
        .scalar(
            "limits.drainTimeout", \.limits.drainTimeout, anyTimeout,
            "How long a graceful stop waits for requests under way; past it they are cut."),
    ]

    private static var anyTimeout: ScalarKind<Duration> { .duration(.milliseconds(10) ... .seconds(3_600)) }
}
