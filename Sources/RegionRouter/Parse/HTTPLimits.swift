/// Every bound and time-out of the data plane, in one place. Each has a defined answer when it is reached.
package struct HTTPLimits: Sendable, Equatable {
    /// Bytes of request line and fields together; past it 431.
    package var headBytes = 32 * 1024
    /// Field lines of a head; past it 431.
    package var headFields = 100
    /// Bytes of the request target; past it 414.
    package var targetBytes = 16 * 1024
    /// Bytes of a request body; past it 413.
    package var bodyBytes = 1024 * 1024 * 1024
    /// Bytes of a body the gateway itself reads (lifecycle, hooks); past it 413.
    package var controlBodyBytes = 256 * 1024
    /// Bytes of a call of another node; past it 413. A part of a tenant's data is about a megabyte, and longer only
    /// where a single row is.
    package static let peerBodyBytes = 64 * 1024 * 1024
    /// Bytes of a response head; past it 502.
    package var responseHeadBytes = 64 * 1024
    /// Bytes of one chunk-size line; past it 400 (from a client) or 502 (from an app instance).
    package var chunkLineBytes = 256
    /// Bytes of a token; past it 401.
    package var tokenBytes = 16 * 1024

    /// From the first byte of a head to its last; past it 408.
    package var headTimeout = Duration.seconds(10)
    /// Between two reads of a request body; past it 408.
    package var bodyTimeout = Duration.seconds(60)
    /// An idle keep-alive connection of a client; past it the connection is closed.
    package var keepAliveTimeout = Duration.seconds(75)
    /// Writing a response to a client that takes nothing; past it the connection is closed.
    package var writeTimeout = Duration.seconds(60)

    /// Client connections of the process; past it new ones are closed at once.
    package var connections = 20_000
    /// Requests on one client connection; the last one is answered with `Connection: close`, or GOAWAY.
    package var requestsPerConnection = 100_000
    /// From a connection's first byte to the end of its TLS handshake; past it the connection is closed.
    package var handshakeTimeout = Duration.seconds(10)
    /// Unfinished TLS handshakes, per event loop; past it new connections are closed at once.
    package var handshakes = 1_024
    /// Requests of one HTTP/2 connection at a time; past it a stream is refused.
    package var streams = 100
    /// Streams of one HTTP/2 connection that its client resets within 30 s; past it GOAWAY and the connection's end.
    package var streamResets = 200

    /// Establishing a connection to an app instance; past it 504.
    package var connectTimeout = Duration.seconds(5)
    /// From the end of the request to the first byte of the response, and between two reads of it; past it 504.
    package var responseTimeout = Duration.seconds(60)
    /// How long an app may work on a request whose client has left; past it the request no longer counts as in flight.
    package var appMaxRequestTime = Duration.seconds(60)
    /// Idle upstream connections kept, per event loop and app instance.
    package var idleUpstreamConnections = 256
    /// How long an idle upstream connection is kept.
    package var idleUpstreamTimeout = Duration.seconds(30)
    /// Connections to one app instance or peer, split over the event loops; past it requests wait.
    package var upstreamConnections = 4_096
    /// Requests that wait for such a connection, split over the event loops; past it 503.
    package var upstreamQueue = 4_096
    /// How long one of them waits; past it 503.
    package var upstreamQueueTimeout = Duration.seconds(5)
    /// A tunnel on which nothing moves either way; past it both sides are closed.
    package var tunnelTimeout = Duration.seconds(300)

    /// Tenants an event loop keeps at hand.
    package var tenantsPerLoop = 20_000
    /// Requests of an event loop that wait for a tenant's record or a public key; past it 503.
    package var parkedRequests = 4_096
    /// How long one of them waits; past it 503.
    package var parkTimeout = Duration.seconds(5)
    /// How long a request that two nodes have passed on waits for a newer record of its tenant; past it 508.
    package var newsTimeout = Duration.seconds(3)

    /// How long a request waits while its tenant is held, from its arrival; past it 503. A Forge event call times out
    /// at five seconds.
    package var holdBudget = Duration.seconds(3)
    /// Requests of one tenant that an event loop keeps waiting meanwhile; past it 503.
    package var heldRequests = 2_048
    /// Bytes of those requests, as far as they have come; past it 503.
    package var heldBytes = 16 * 1024 * 1024

    /// From SIGTERM to the cutting of what is still under way.
    package var drainTimeout = Duration.seconds(30)

    package init() {}
}
