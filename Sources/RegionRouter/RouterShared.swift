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
    let lookup: any PlacementLookup
    let reports: any TenantReports
    let keys: any PublicKeySource
    let endpoints: any HostEndpoints
    let peerEndpoints: any PeerEndpoints
    let observer: any RouterObserver
    let jobs: JobQueue
    let accessLog: AccessLogWriter?
    /// Seconds since 1970, for the times in tokens.
    let wallClock: @Sendable () -> Int64
    /// All event loops, to be told of a change before an answer goes out.
    let everyLoop: EveryLoop

    init(
        configuration: RouterConfiguration, lookup: any PlacementLookup, reports: any TenantReports,
        keys: any PublicKeySource, endpoints: any HostEndpoints, peerEndpoints: any PeerEndpoints,
        observer: any RouterObserver, jobs: JobQueue, accessLog: AccessLogWriter?,
        wallClock: @escaping @Sendable () -> Int64, everyLoop: EveryLoop = EveryLoop()
    ) {
        self.configuration = configuration
        limits = configuration.limits
        times = RouterTimes(configuration.limits)
        healthPath = Array(configuration.listen.healthPath.utf8)
        hosts = HostTable(configuration.endpoints)
        decision = RegionDecision(
            owned: Array(configuration.instances.keys), defaultRegion: configuration.defaultRegion)
        self.lookup = lookup
        self.reports = reports
        self.keys = keys
        self.endpoints = endpoints
        self.peerEndpoints = peerEndpoints
        self.observer = observer
        self.jobs = jobs
        self.accessLog = accessLog
        self.wallClock = wallClock
        self.everyLoop = everyLoop
    }

    /// The same for another configuration, while the router serves: what does not follow from it stays.
    func with(
        _ configuration: RouterConfiguration, endpoints: any HostEndpoints, accessLog: AccessLogWriter?
    ) -> RouterShared {
        RouterShared(
            configuration: configuration, lookup: lookup, reports: reports, keys: keys, endpoints: endpoints,
            peerEndpoints: peerEndpoints, observer: observer, jobs: jobs, accessLog: accessLog, wallClock: wallClock,
            everyLoop: everyLoop)
    }
}
