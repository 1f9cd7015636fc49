import RegionRouter

/// Plain numbers by closed sets of labels: regions of the configuration, kinds of routes, classes of statuses, codes.
struct MetricCounts: Sendable {
    struct WouldRefuse: Hashable, Sendable {
        let code: RouterError.Code
        let route: RouteKind
    }

    /// Upper bounds of the histogram of total times, in microseconds; one more bucket is for all above.
    static let bounds = [
        250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]
    static let routes = RouteKind.allCases
    /// `1xx` to `5xx`, and what is none of them.
    static let statuses = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"]

    var connectionsOpened = 0
    var connectionsClosed = 0
    var connectionsRefused = 0
    var handshakesFailed = 0
    var displacedCalls = 0
    var requestsHeld = 0
    var upstreamOpened = 0
    var upstreamFailed = 0
    var refused: [RouterError.Code: Int] = [:]
    var wouldRefuse: [WouldRefuse: Int] = [:]
    /// By region, route and status, in this order.
    private var requests: [Int]
    /// By region and bucket.
    private var times: [Int]
    /// Microseconds by region.
    private var timeSums: [Int]

    init(regions: Int) {
        requests = Array(repeating: 0, count: regions * Self.routes.count * Self.statuses.count)
        times = Array(repeating: 0, count: regions * (Self.bounds.count + 1))
        timeSums = Array(repeating: 0, count: regions)
    }

    func requests(region: Int, route: Int, status: Int) -> Int {
        requests[(region * Self.routes.count + route) * Self.statuses.count + status]
    }

    /// Requests of a region in one bucket alone, not in those below it.
    func time(region: Int, bucket: Int) -> Int { times[region * (Self.bounds.count + 1) + bucket] }

    func timeSum(region: Int) -> Int { timeSums[region] }

    mutating func end(region: Int, _ route: RouteKind, _ status: Int, _ microseconds: Int) {
        let routeIndex = Self.routes.firstIndex(of: route) ?? 0
        let statusIndex = (100..<600).contains(status) ? status / 100 - 1 : Self.statuses.count - 1
        requests[(region * Self.routes.count + routeIndex) * Self.statuses.count + statusIndex] += 1
        let bucket = Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count
        times[region * (Self.bounds.count + 1) + bucket] += 1
        timeSums[region] += max(0, microseconds)
    }

    /// Adds the numbers of one that was made for the same regions.
    mutating func add(_ other: MetricCounts) {
        connectionsOpened += other.connectionsOpened
        connectionsClosed += other.connectionsClosed
        connectionsRefused += other.connectionsRefused
        handshakesFailed += other.handshakesFailed
        displacedCalls += other.displacedCalls
        requestsHeld += other.requestsHeld
        upstreamOpened += other.upstreamOpened
        upstreamFailed += other.upstreamFailed
        refused.merge(other.refused, uniquingKeysWith: +)
        wouldRefuse.merge(other.wouldRefuse, uniquingKeysWith: +)
        for (index, count) in other.requests.enumerated() { requests[index] += count }
        for (index, count) in other.times.enumerated() { times[index] += count }
        for (index, sum) in other.timeSums.enumerated() { timeSums[index] += sum }
    }
}
