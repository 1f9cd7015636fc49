package import NIOCore

/// What nodes ask each other beside the calls they forward: the change feed, the steps of a cutover. Answered on the
/// peers' own listener alone, below ``pathPrefix``; the router knows nothing of what the calls mean.
///
/// A call is read whole (bounded by `HTTPLimits.controlBodyBytes`) and answered whole: what is long is asked for in
/// pages.
package protocol PeerEndpoints: Sendable {
    func answer(_ call: PeerCall) async -> HostResponse
}

/// One call of another node.
package struct PeerCall: Sendable {
    /// What the paths of such calls begin with.
    package static let pathPrefix = "/.residency/peer/"

    /// As sent, in upper case for all known methods.
    package let method: String
    /// The path after the prefix, not decoded: `feed`.
    package let path: String
    /// The query as sent, without `?`.
    package let query: String
    /// The name in the client certificate that let the caller in; `nil` where the listener has no TLS, or any
    /// certificate will do and this one has no name.
    package let certificateName: String?
    package let body: ByteBuffer

    package init(method: String, path: String, query: String, certificateName: String?, body: ByteBuffer) {
        self.method = method
        self.path = path
        self.query = query
        self.certificateName = certificateName
        self.body = body
    }

    /// Whether a request of the peers' listener is such a call, and not one that is passed on.
    static func isCall(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) -> Bool {
        HTTPBytes.hasPrefix(bytes, head.path, "/.residency/peer/")
    }
}

/// Answers 404 to every call: a node that offers its peers nothing but forwarding.
package struct NoPeerEndpoints: PeerEndpoints {
    package init() {}

    package func answer(_ call: PeerCall) async -> HostResponse {
        HostResponse(status: 404, contentType: "text/plain", body: Array("no such call between nodes\n".utf8))
    }
}
