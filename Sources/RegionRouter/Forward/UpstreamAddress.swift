/// Where a server is that the router opens connections to: an app instance, or the listener of a peer.
package struct UpstreamAddress: Sendable, Hashable {
    package let host: String
    package let port: Int
    /// Whether it is spoken to over TLS.
    package let isSecure: Bool

    package init(host: String, port: Int, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// Its base URL.
    package var url: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// As it stands in a `Host` field.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}
