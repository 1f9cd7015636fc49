/// Where things stand in the bytes of a request head. Holds ranges, not copies: it means something only together with
/// the bytes it was scanned from, and is reused from request to request.
///
/// All ranges count from the first byte of the head. An empty range stands for a field that is not there.
package struct RequestHead: Sendable {
    /// The methods that are treated in a way of their own; every other token is `.other`.
    package enum Method: UInt8, Sendable {
        case get, head, post, put, delete, patch, options, trace, connect, other

        /// RFC 9110 §9.2.1: asks for nothing but an answer.
        package var isSafe: Bool { self == .get || self == .head || self == .options || self == .trace }
        /// RFC 9110 §9.2.2.
        package var isIdempotent: Bool { isSafe || self == .put || self == .delete }
    }

    /// How the end of the body is known (RFC 9112 §6).
    package enum Framing: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    package typealias ByteRange = Range<Int>

    package var method = Method.other
    package var methodRange: ByteRange = 0..<0
    /// The path as it was sent, without the query: never decoded.
    package var path: ByteRange = 0..<0
    /// The query without its `?`; empty for none and for an empty one.
    package var query: ByteRange = 0..<0
    package var hasQuery = false
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    package var minorVersion = 1
    /// The host name and port, from `Host` or from an absolute target.
    package var host: ByteRange = 0..<0
    package var framing = Framing.none
    package var keepAlive = true
    package var expectsContinue = false
    package var upgradesToWebSocket = false
    /// The value of `Authorization`.
    package var authorization: ByteRange = 0..<0
    package var hasAuthorization = false
    /// More than one `Authorization` line: always refused.
    package var repeatsAuthorization = false
    /// The value of `X-acpt`, an app's own session token.
    package var sessionToken: ByteRange = 0..<0
    package var repeatsSessionToken = false
    /// The value of each `Cookie` line.
    package var cookies: [ByteRange] = []
    package var requestID: ByteRange = 0..<0
    package var traceparent: ByteRange = 0..<0
    package var forwardedFor: [ByteRange] = []
    package var forwardedProto: ByteRange = 0..<0
    package var forwardedHost: ByteRange = 0..<0
    /// The values of `X-Residency-Peer` and `X-Residency-Peer-Origin`: they count on the peers' listener alone.
    package var peer: ByteRange = 0..<0
    package var peerOrigin: ByteRange = 0..<0
    package var repeatsPeer = false
    /// The bytes after the request line up to and with the empty line's CRLF end here.
    package var end = 0
    /// Where the first field line starts.
    package var fieldsStart = 0
    package var fieldCount = 0
    /// Whole field lines (with CRLF) that are not forwarded, in order.
    package var dropped: [ByteRange] = []

    package init() {}
}
