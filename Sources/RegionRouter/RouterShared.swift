import TenantDirectory

/// What all event loops share: never changed, but replaced as a whole when the configuration is read again. A class:
/// a loop looks something up here many times a request: a struct of so many parts would be copied, and each part
/// counted, every time.
final class RouterShared: Sendable {
    let configuration: RouterConfiguration
    let limits: HTTPLimits
    let times: RouterTimes
    let healthPath: [UInt8]
    let hosts: HostTable
    let decision: RegionDecision
    /// The app instances of each region that this node owns.
    let instances: [Region: UpstreamSet]
    /// The nodes that own each other region.
    let peers: [Region: UpstreamSet]
    /// Event loops, which share what is bounded for each server.
    let loopCount: Int
    let lookup: any PlacementLookup
    let reports: any TenantReports
    let keys: any PublicKeySource
    let endpoints: any HostEndpoints
    let peerEndpoints: any PeerEndpoints
    let observer: any RouterObserver
    let jobs: JobQueue
    let accessLog: AccessLogWriter?
    let certificates: RouterCertificates
    /// `Strict-Transport-Security` with its CRLF, for answers over TLS; empty while it is off.
    let transportSecurityLine: [UInt8]
    /// Seconds since 1970, for the times in tokens.
    let wallClock: @Sendable () -> Int64
    /// All event loops, to be told of a change before an answer goes out.
    let everyLoop: EveryLoop

    init(
        configuration: RouterConfiguration, lookup: any PlacementLookup, reports: any TenantReports,
        keys: any PublicKeySource, endpoints: any HostEndpoints, peerEndpoints: any PeerEndpoints,
        observer: any RouterObserver, jobs: JobQueue, loopCount: Int, accessLog: AccessLogWriter?,
        certificates: RouterCertificates, wallClock: @escaping @Sendable () -> Int64,
        everyLoop: EveryLoop = EveryLoop(),
        known: [UpstreamSet] = []
    ) {
        self.configuration = configuration
        limits = configuration.limits
        times = RouterTimes(configuration.limits)
        healthPath = Array(configuration.listen.healthPath.utf8)
        hosts = HostTable(configuration.endpoints)
        decision = RegionDecision(
            owned: Array(configuration.instances.keys), peers: Array(configuration.peers.addresses.keys),
            defaultRegion: configuration.defaultRegion, nodeID: configuration.nodeID)
        instances = Self.sets(
            .app, configuration.instances, HealthMachine.Settings(configuration.upstreams), known)
        peers = Self.sets(
            .peer, configuration.peers.addresses.filter { configuration.instances[$0.key] == nil }, .ofPeers, known)
        self.loopCount = loopCount
        self.lookup = lookup
        self.reports = reports
        self.keys = keys
        self.endpoints = endpoints
        self.peerEndpoints = peerEndpoints
        self.observer = observer
        self.jobs = jobs
        self.accessLog = accessLog
        self.certificates = certificates
        transportSecurityLine = configuration.listen.transportSecurityLine
        self.wallClock = wallClock
        self.everyLoop = everyLoop
    }

    /// The same for another configuration, while the router serves: what does not follow from it stays.
    func with(
        _ configuration: RouterConfiguration, endpoints: any HostEndpoints, accessLog: AccessLogWriter?
    ) -> RouterShared {
        RouterShared(
            configuration: configuration, lookup: lookup, reports: reports, keys: keys, endpoints: endpoints,
            peerEndpoints: peerEndpoints, observer: observer, jobs: jobs, loopCount: loopCount, accessLog: accessLog,
            certificates: certificates, wallClock: wallClock, everyLoop: everyLoop, known: upstreamSets)
    }

    /// The way to each region: to app instances, else to peers.
    var ways: [Region: UpstreamSet] { instances.merging(peers) { own, _ in own } }

    /// Each set of servers once.
    var upstreamSets: [UpstreamSet] {
        var seen: Set<ObjectIdentifier> = []
        return (Array(instances.values) + Array(peers.values)).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Regions with the same servers share them, and their connections.
    private static func sets(
        _ kind: UpstreamServer.Kind, _ addresses: [Region: [UpstreamAddress]], _ settings: HealthMachine.Settings,
        _ known: [UpstreamSet]
    ) -> [Region: UpstreamSet] {
        var byAddresses: [[UpstreamAddress]: UpstreamSet] = [:]
        return addresses.filter { !$0.value.isEmpty }.mapValues { addresses in
            if let set = byAddresses[addresses] { return set }
            // Servers that stay keep their connections, and what is known of their health.
            let set =
                known.first { $0.kind == kind && $0.settings == settings && $0.servers.map(\.address) == addresses }
                ?? UpstreamSet(kind, addresses, settings: settings)
            byAddresses[addresses] = set
            return set
        }
    }
}
