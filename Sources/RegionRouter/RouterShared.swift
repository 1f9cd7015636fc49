import Logging
import TenantDirectory

/// What all event loops share: made once, never changed.
struct RouterShared: Sendable {
    let configuration: RouterConfiguration
    let hosts: HostTable
    let decision: RegionDecision
    let lookup: any PlacementLookup
    let reports: any TenantReports
    let keys: any PublicKeySource
    let endpoints: any HostEndpoints
    let observer: any RouterObserver
    let jobs: JobQueue
    let accessLog: AccessLogWriter?
    let logger: Logger
    /// Seconds since 1970, for the times in tokens.
    let wallClock: @Sendable () -> Int64
    /// All event loops, to be told of a change before an answer goes out.
    let everyLoop = EveryLoop()
}
