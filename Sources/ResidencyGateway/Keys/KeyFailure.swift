import RealmMigration
package import RegionRouter

/// Why a key server gave no key. Each cause is an error of its own, so that an operator sees at once what is wrong.
package enum KeyFailure: Error, Sendable, Equatable {
    /// The server says that it has no such document.
    case notFound
    /// The document is there, and the key is not in it.
    case notInSet
    case unreachable
    case timedOut
    case refusedAddress
    case redirected
    case oversized
    case badStatus(Int)
    case notAPEM
    case notAKeySet
    /// Too many fetches, or too many unknown keys of late.
    case busy

    /// What the router answers. The document's URL is the operator's business and goes to the log, not to the caller.
    package func routerError(for document: KeyDocument, retryAfterSeconds: Int) -> RouterError {
        let server = OutboundRequest.origin(of: document.url)
        let sentence: String
        switch self {
        case .notFound, .notInSet:
            return RouterError(.unknownKey, "the key server \(server) does not know the key that the token names")
        case .unreachable: sentence = "cannot be reached"
        case .timedOut: sentence = "did not answer in time"
        case .refusedAddress: sentence = "is at a private address that outbound.allow does not name"
        case .redirected: sentence = "answered with a redirect, which is not followed"
        case .oversized: sentence = "answered with more bytes than a key has"
        case .badStatus(let status): sentence = "answered with status \(status)"
        case .notAPEM: sentence = "answered with what is not the PEM of an RSA public key"
        case .notAKeySet: sentence = "answered with what is not a JSON Web Key Set"
        case .busy: sentence = "has been asked for too many unknown keys of late"
        }
        return RouterError(
            .keyServerUnavailable, origin: .gateway, "the key server \(server) \(sentence)",
            retryAfterSeconds: retryAfterSeconds)
    }

    /// The failure as a short word of a closed set, for logs.
    package var label: String {
        switch self {
        case .notFound: "not-found"
        case .notInSet: "not-in-set"
        case .unreachable: "unreachable"
        case .timedOut: "timed-out"
        case .refusedAddress: "refused-address"
        case .redirected: "redirected"
        case .oversized: "oversized"
        case .badStatus: "bad-status"
        case .notAPEM: "not-a-pem"
        case .notAKeySet: "not-a-key-set"
        case .busy: "busy"
        }
    }

    init(_ error: OutboundError) {
        switch error.code {
        case .timeout: self = .timedOut
        case .refusedAddress: self = .refusedAddress
        case .redirected: self = .redirected
        case .oversized: self = .oversized
        case .busy: self = .busy
        default: self = .unreachable
        }
    }
}
