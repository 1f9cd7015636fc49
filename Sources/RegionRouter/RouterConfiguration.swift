package import TenantDirectory

/// Everything the data plane is told once, at its start.
package struct RouterConfiguration: Sendable {
    package var listen: ListenConfiguration
    package var limits: HTTPLimits
    /// The base URLs the host calls; one for each declared region and the plain one.
    package var endpoints: [PublicEndpoint]
    /// The app instances of each region this node owns; requests are spread over those of a region.
    package var instances: [Region: [UpstreamAddress]]
    /// What an app instance sees as `Host`.
    package var hostHeader: HostHeader
    /// Where requests without a tenant go when the plain base URL was called.
    package var defaultRegion: Region
    package var identify: IdentifyConfiguration
    /// The name of this process among the nodes of the directory.
    package var nodeID = "local"
    /// The nodes that own other regions, and where they reach this one.
    package var peers = PeerConfiguration()

    /// Whether calls are brought to the app, or somebody else does that.
    package var proxy = ProxyMode.on
    /// How app instances and peers are looked after.
    package var upstreams = UpstreamSettings()

    /// The regions that a call can be brought to from here: this node's own, and those of its peers.
    package var knownRegions: Set<Region> { Set(instances.keys).union(peers.addresses.keys) }

    /// Servers that one region may have; what is past them is not used.
    package static let maxServersPerRegion = InstanceChoice.maxServers

    package enum HostHeader: String, Sendable, CaseIterable {
        /// The name the host called.
        case `public`
        /// The instance's own name.
        case instance
    }

    package enum ProxyMode: String, Sendable, CaseIterable {
        case on
        /// Descriptor, lifecycle callbacks and residency hooks alone; whoever routes sends those here.
        case off
    }

    package init(
        listen: ListenConfiguration, limits: HTTPLimits = HTTPLimits(), endpoints: [PublicEndpoint],
        instances: [Region: [UpstreamAddress]], hostHeader: HostHeader = .public, defaultRegion: Region,
        identify: IdentifyConfiguration
    ) {
        self.listen = listen
        self.limits = limits
        self.endpoints = endpoints
        self.instances = instances
        self.hostHeader = hostHeader
        self.defaultRegion = defaultRegion
        self.identify = identify
    }
}

/// Where the router listens and whom it believes.
package struct ListenConfiguration: Sendable {
    package var host: String
    /// 0 binds a free port.
    package var port: Int
    /// Event loops; `nil` for one a core.
    package var eventLoops: Int?
    /// Load balancers in front, whose `X-Forwarded-*` fields and PROXY headers are believed.
    package var trustedProxies: [AddressRange]
    /// Whether connections from trusted proxies begin with a PROXY protocol v2 header.
    package var proxyProtocol: Bool
    /// Whether a trusted proxy's `X-Forwarded-Host` names the host that was called.
    package var trustForwardedHost: Bool
    /// GET of this path is answered 200 whatever the host name.
    package var healthPath: String
    /// `nil` for plain HTTP, behind something that ends TLS.
    package var tls: ServerTLS?
    /// How long browsers are told to come by https alone (`Strict-Transport-Security`); zero for not at all.
    package var transportSecurityAge = Duration.zero

    package init(
        host: String = "127.0.0.1", port: Int, eventLoops: Int? = nil, trustedProxies: [AddressRange] = [],
        proxyProtocol: Bool = false, trustForwardedHost: Bool = false, healthPath: String = "/.residency/health"
    ) {
        self.host = host
        self.port = port
        self.eventLoops = eventLoops
        self.trustedProxies = trustedProxies
        self.proxyProtocol = proxyProtocol
        self.trustForwardedHost = trustForwardedHost
        self.healthPath = healthPath
    }

    /// Whether a connection from `peer` must begin with a PROXY protocol header.
    func awaitsProxyHeader(from peer: IPAddress?) -> Bool { proxyProtocol && isTrusted(peer) }

    /// Whether `peer` is one of the load balancers.
    func isTrusted(_ peer: IPAddress?) -> Bool {
        peer.map { peer in trustedProxies.contains { $0.contains(peer) } } ?? false
    }

    /// The field's line with its CRLF; empty while it is off.
    var transportSecurityLine: [UInt8] {
        let seconds = transportSecurityAge.components.seconds
        return seconds > 0 ? Array("Strict-Transport-Security: max-age=\(seconds)\r\n".utf8) : []
    }
}
