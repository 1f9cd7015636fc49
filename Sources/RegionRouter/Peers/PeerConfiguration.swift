package import TenantDirectory

/// The nodes that own other regions: where they are, and where they reach this one.
package struct PeerConfiguration: Sendable {
    /// The peers' own listener; `nil` for none.
    package struct Listener: Sendable {
        package var host: String
        /// 0 binds a free port.
        package var port: Int

        /// Names of which a node's certificate must have one, `*.example.com` among them; empty for any certificate of
        /// the authority. Counts where the listener has TLS.
        package var names: [String]

        package init(host: String, port: Int, names: [String] = []) {
            self.host = host
            self.port = port
            self.names = names
        }
    }

    package var listener: Listener?
    /// The listeners of the nodes that own a region.
    package var addresses: [Region: [UpstreamAddress]]

    package init(listener: Listener? = nil, addresses: [Region: [UpstreamAddress]] = [:]) {
        self.listener = listener
        self.addresses = addresses
    }
}
