/// Why a request was not answered by the app: one value from which the response, the log line and the counter are made.
///
/// The detail is for the caller and may name a header or a limit, never a token, secret or query string.
package struct RouterError: Error, Sendable, Equatable {
    /// Who has to do something about it.
    package enum Origin: String, Sendable {
        case client, app, peer, directory, gateway
    }

    /// The closed set of codes: the header `X-Residency-Error`, the problem's `code` and the metric's label.
    package enum Code: String, Sendable, CaseIterable {
        // The request does not keep HTTP's rules, or one of our limits.
        case badRequest = "bad-request"
        case headTooLarge = "head-too-large"
        case targetTooLong = "target-too-long"
        case bodyTooLarge = "body-too-large"
        case requestTimeout = "request-timeout"
        case unsupportedVersion = "unsupported-version"
        case unknownHost = "unknown-host"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        // The token.
        case missingToken = "missing-token"
        case malformedToken = "malformed-token"
        case twoTokens = "two-tokens"
        case badAlgorithm = "bad-algorithm"
        case badSignature = "bad-signature"
        case badClaims = "bad-claims"
        case badAudience = "bad-audience"
        case badEnvironment = "bad-environment"
        case expired = "token-expired"
        case notYetValid = "token-not-yet-valid"
        case badQueryHash = "bad-query-hash"
        case contextTokenNotAllowed = "context-token-not-allowed"
        case unknownKey = "unknown-key"
        case keyServerUnavailable = "key-server-unavailable"
        case unknownTenant = "unknown-tenant"
        case uninstalled = "tenant-uninstalled"
        case badBody = "bad-body"
        // Where it should have gone.
        case noInstance = "no-app-instance"
        case appUnreachable = "app-unreachable"
        case appTimeout = "app-timeout"
        case appBadResponse = "app-bad-response"
        case appClosed = "app-closed"
        // Another node, on the way to a region that this one does not own.
        case peerUnreachable = "peer-unreachable"
        case peerTimeout = "peer-timeout"
        case peerClosed = "peer-closed"
        case peerBadResponse = "peer-bad-response"
        case peerWrongRegion = "peer-wrong-region"
        case peerLoop = "peer-loop"
        case badPeerCall = "bad-peer-call"
        // The gateway or its directory.
        case directoryUnavailable = "directory-unavailable"
        case held = "tenant-held"
        case holdFull = "hold-full"
        case moving = "tenant-moving"
        case disputed = "tenant-disputed"
        case busy = "busy"
        case internalFault = "internal-fault"
    }

    package let code: Code
    package let origin: Origin
    /// A sentence that names what was wrong, where, and what to do.
    package let detail: String
    /// Seconds for `Retry-After`, where trying again makes sense.
    package let retryAfterSeconds: Int?

    package init(_ code: Code, origin: Origin = .client, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.origin = origin
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }
}
