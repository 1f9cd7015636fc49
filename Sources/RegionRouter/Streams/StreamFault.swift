/// Why an HTTP/2 request is malformed (RFC 9113 §8.1.1): its stream is reset with PROTOCOL_ERROR, and nothing of it is
/// passed on.
package struct StreamFault: Error, Sendable, Equatable {
    /// For tests and for people; it shows nothing of the request.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
