import Glibc
import RegionRouter
import Synchronization
import TenantDirectory

/// Counts what the data plane does. Event loops count each in a part of their own, so that they do not wait for each
/// other; the parts are added up when somebody asks.
final class RouterMetrics: RouterObserver {
    private final class Part: Sendable {
        let counts: Mutex<MetricCounts>
        init(regions: Int) { counts = Mutex(MetricCounts(regions: regions)) }
    }

    /// Region labels: those of the configuration, and one for whatever else; so few that looking through them is
    /// quicker than a table.
    let regions: [String]
    private let parts: [Part]
    private let peerFault: @Sendable (PeerFault) -> Void

    /// - Parameters:
    ///   - regions: all a request can be said to be of.
    ///   - peerFault: hears why nodes do not trust each other; counted it is not.
    init(regions: [Region], peerFault: @escaping @Sendable (PeerFault) -> Void = { _ in }) {
        self.peerFault = peerFault
        var names = Set(regions).union([.global]).sorted().map(\.code)
        names.append("none")
        self.regions = names
        parts = (0..<16).map { _ in Part(regions: names.count) }
    }

    /// For all regions that the router is told of.
    convenience init(_ plan: RouterConfiguration, peerFault: @escaping @Sendable (PeerFault) -> Void) {
        self.init(regions: plan.endpoints.map(\.region) + plan.instances.keys, peerFault: peerFault)
    }

    func observe(_ event: RouterEvent) {
        if case .peerFault(let fault) = event { return peerFault(fault) }
        // Threads are spread over the parts by a multiplicative hash of their address.
        let thread = UInt64(UInt(pthread_self())) &* 0x9E37_79B9_7F4A_7C15
        parts[Int(thread >> 60)].counts.withLock { counts in
            switch event {
            case .requestEnded(let region, let route, let status, let microseconds):
                counts.end(region: regions.firstIndex(of: region) ?? regions.count - 1, route, status, microseconds)
            case .connectionOpened: counts.connectionsOpened += 1
            case .connectionClosed: counts.connectionsClosed += 1
            case .connectionRefused: counts.connectionsRefused += 1
            case .peerFault: break
            case .handshakeFailed: counts.handshakesFailed += 1
            case .refused(let code): counts.refused[code, default: 0] += 1
            case .wouldRefuse(let code, let route):
                counts.wouldRefuse[MetricCounts.WouldRefuse(code: code, route: route), default: 0] += 1
            case .displacedCall: counts.displacedCalls += 1
            case .requestHeld: counts.requestsHeld += 1
            case .upstreamConnectionOpened: counts.upstreamOpened += 1
            case .upstreamConnectionFailed: counts.upstreamFailed += 1
            }
        }
    }

    /// The sum of all parts.
    var counts: MetricCounts {
        parts.reduce(into: MetricCounts(regions: regions.count)) { sum, part in sum.add(part.counts.withLock { $0 }) }
    }
}
