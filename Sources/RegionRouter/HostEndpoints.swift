package import NIOCore
package import TenantDirectory

/// What the gateway itself answers, or does before and after the app answers: descriptor, lifecycle, residency hooks.
///
/// The router reads such a call whole (bounded by `HTTPLimits.controlBodyBytes`), asks, and does what it is told. It
/// knows nothing of what the endpoints do.
package protocol HostEndpoints: Sendable {
    func answer(_ call: HostCall) async -> HostAnswer
}

/// One call for the gateway, with everything a check of it needs.
package struct HostCall: Sendable {
    package enum Kind: Sendable, Equatable {
        case descriptor
        case lifecycle(LifecycleEvent)
        case migration(MigrationStep)
    }

    package let kind: Kind
    package let requestID: String
    /// As sent, in upper case for all known methods.
    package let method: String
    /// The path as sent, base path included, not decoded.
    package let path: String
    /// The query as sent, without `?`.
    package let query: String
    /// The public URL that was called.
    package let endpoint: PublicEndpoint
    /// The value of `Authorization`; `nil` where there is none.
    package let authorization: String?
    /// The tenant whose call it is, where another node of this gateway has verified it, has done the gateway's part and
    /// has passed it on: what is left is to check it and to forward it.
    package let actedOnFor: TenantID?
    package let body: ByteBuffer

    package init(
        kind: Kind, requestID: String, method: String, path: String, query: String, endpoint: PublicEndpoint,
        authorization: String?, actedOnFor: TenantID? = nil, body: ByteBuffer
    ) {
        self.kind = kind
        self.requestID = requestID
        self.method = method
        self.path = path
        self.query = query
        self.endpoint = endpoint
        self.authorization = authorization
        self.actedOnFor = actedOnFor
        self.body = body
    }
}

/// What the router does with a call that the gateway was asked about.
package enum HostAnswer: Sendable {
    /// Answers it.
    case respond(HostResponse)
    /// Refuses it.
    case refuse(RouterError)
    /// Sends the original bytes to the app instance of the tenant's region, and holds the answer back until `finish`
    /// has returned: what it does is done before the host hears of success.
    case forward(HostForward)
}

/// A call that goes on to the app instance.
package struct HostForward: Sendable {
    package let tenant: Tenant
    /// Told the app's status (or the error when there was none), once; returns an error to answer with instead of the
    /// app's response, or `nil` to pass that on.
    package let finish: @Sendable (AppOutcome) async -> RouterError?

    package init(tenant: Tenant, finish: @escaping @Sendable (AppOutcome) async -> RouterError?) {
        self.tenant = tenant
        self.finish = finish
    }
}

package enum AppOutcome: Sendable {
    case status(Int)
    case failed(RouterError)

    package var isSuccess: Bool {
        if case .status(let status) = self { return (200..<300).contains(status) }
        return false
    }
}

/// An answer of the gateway's own.
package struct HostResponse: Sendable {
    package let status: Int
    package let contentType: String
    package let body: [UInt8]

    package init(status: Int, contentType: String = "application/json", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
