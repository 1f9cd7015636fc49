/// Why an outgoing control call brought no answer: a code to act on and a sentence for people.
///
/// Equality and tests go by the code. The message names scheme, host and port, never path, query or header.
package struct OutboundError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Not an http or https URL.
        case badURL
        /// A method or field that would not survive being written into a request.
        case badRequest
        /// As many calls are under way as may be; try again.
        case busy
        /// The caller's task was cancelled.
        case cancelled
        /// The client has been stopped.
        case stopped
        /// The name resolves to an address that is not public and not in `outbound.allow`.
        case refusedAddress
        /// The name does not resolve.
        case unresolved
        /// No connection could be made.
        case unreachable
        /// The server's certificate or its TLS is not acceptable.
        case untrusted
        /// The answer was not complete in time.
        case timeout
        /// The answer is longer than the caller takes.
        case oversized
        /// The answer is a redirect, which is never followed.
        case redirected
        /// The connection ended, or what came is not HTTP.
        case brokenAnswer
        /// Anything else libcurl says.
        case failed
    }

    package let code: Code
    /// What was wrong, where, and what to do.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
