package import TenantDirectory

/// The nodes that own other regions: where they are, and where they reach this one.
package struct PeerConfiguration: Sendable {
    /// The peers' own listener; `nil` for none.
    package struct Listener: Sendable {
        package var host: String
        /// 0 binds a free port.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
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
