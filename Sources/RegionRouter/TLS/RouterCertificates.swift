/// All that the router needs of TLS, read before it starts and renewed while it serves.
package struct RouterCertificates: Sendable {
    /// What the host's listener shows to its clients; `nil` for plain HTTP.
    package var listen: Renewable<ServerContexts>?
    /// What the peers' listener shows, with the authorities that sign the nodes' certificates; `nil` for plain HTTP.
    package var peersListen: Renewable<ServerContexts>?
    /// What app instances are called with, where their URL begins with `https`.
    package var app: Renewable<ClientContext>?
    /// What peers are called with, where their URL begins with `https`.
    package var peers: Renewable<ClientContext>?

    package init(
        listen: Renewable<ServerContexts>? = nil, peersListen: Renewable<ServerContexts>? = nil,
        app: Renewable<ClientContext>? = nil, peers: Renewable<ClientContext>? = nil
    ) {
        self.listen = listen
        self.peersListen = peersListen
        self.app = app
        self.peers = peers
    }

    /// What a server is called with; `nil` for one that is called without TLS, or for want of it.
    func context(for server: UpstreamServer) -> ClientContext? {
        guard server.address.isSecure else { return nil }
        return (server.kind == .peer ? peers : app)?.current
    }
}
