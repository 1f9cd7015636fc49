import RegionRouter
import TenantDirectory

/// Writes numbers in Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// What `/metrics` answers.
    static func page(
        _ metrics: RouterMetrics, health: HealthReport, tenants: TenantCounts?, upstreams: [UpstreamStatus] = []
    ) -> String {
        var page = PrometheusText()
        page.router(metrics.counts, regions: metrics.regions)
        page.family("residency_ready", "gauge", "Whether the node takes requests: 1 or 0.")
        page.line("residency_ready", [], health.ready ? 1 : 0)
        page.family("residency_part_fine", "gauge", "Whether a part of the node is fine: 1 or 0.")
        for check in health.checks { page.line("residency_part_fine", [("part", check.name)], check.isFine ? 1 : 0) }
        page.servers(upstreams)
        if let tenants {
            page.family("residency_tenants", "gauge", "Tenants in the directory, by state.")
            for state in Tenant.State.allCases {
                page.line("residency_tenants", [("state", state.rawValue)], tenants.byState[state] ?? 0)
            }
            page.family(
                "residency_tenants_displaced", "gauge", "Tenants whose host calls another region than their data is in."
            )
            page.line("residency_tenants_displaced", [], tenants.displaced)
        }
        return page.text
    }

    private mutating func router(_ counts: MetricCounts, regions: [String]) {
        requests(counts, regions)
        times(counts, regions)
        family("residency_refused_total", "counter", "Requests the gateway answered by itself, by code.")
        for code in RouterError.Code.allCases {
            if let count = counts.refused[code] { line("residency_refused_total", [("code", code.rawValue)], count) }
        }
        family(
            "residency_would_refuse_total", "counter",
            "Requests that report mode forwarded and enforce mode would refuse.")
        for (key, count) in counts.wouldRefuse.sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
            line("residency_would_refuse_total", [("code", key.code.rawValue), ("route", key.route.rawValue)], count)
        }
        counter("residency_connections_opened_total", "Connections of clients.", counts.connectionsOpened)
        counter("residency_connections_refused_total", "Connections past the limit.", counts.connectionsRefused)
        counter(
            "residency_handshakes_failed_total", "TLS handshakes that failed or took too long.",
            counts.handshakesFailed)
        family("residency_connections_open", "gauge", "Connections of clients that are open.")
        line("residency_connections_open", [], max(0, counts.connectionsOpened - counts.connectionsClosed))
        counter("residency_displaced_calls_total", "Host calls at the URL of another region.", counts.displacedCalls)
        counter(
            "residency_requests_held_total", "Requests that waited while their tenant was held.", counts.requestsHeld)
        counter("residency_upstream_connections_opened_total", "Connections to app instances.", counts.upstreamOpened)
        counter(
            "residency_upstream_connections_failed_total", "Connections to app instances that failed.",
            counts.upstreamFailed)
    }

    /// App instances and peers; their names are of the configuration.
    private mutating func servers(_ upstreams: [UpstreamStatus]) {
        guard !upstreams.isEmpty else { return }
        func labels(_ status: UpstreamStatus) -> [(String, String)] {
            [("region", status.region.code), ("kind", status.isPeer ? "peer" : "app"), ("server", status.authority)]
        }
        family("residency_upstream_in_use", "gauge", "Whether requests are sent to an app instance or peer: 1 or 0.")
        for status in upstreams { line("residency_upstream_in_use", labels(status), status.isOut ? 0 : 1) }
        family("residency_upstream_outstanding", "gauge", "Requests that an app instance or peer may be working on.")
        for status in upstreams { line("residency_upstream_outstanding", labels(status), status.outstanding) }
    }

    private mutating func requests(_ counts: MetricCounts, _ regions: [String]) {
        let name = "residency_requests_total"
        family(name, "counter", "Requests, by region, by how the tenant was found, and by class of status.")
        for (region, regionName) in regions.enumerated() {
            for (route, kind) in MetricCounts.routes.enumerated() {
                for (status, statusName) in MetricCounts.statuses.enumerated() {
                    let count = counts.requests(region: region, route: route, status: status)
                    guard count > 0 else { continue }
                    line(name, [("region", regionName), ("route", kind.rawValue), ("status", statusName)], count)
                }
            }
        }
    }

    private mutating func times(_ counts: MetricCounts, _ regions: [String]) {
        let name = "residency_request_seconds"
        family(name, "histogram", "From the first byte of a request to the last of its answer.")
        for (region, regionName) in regions.enumerated() {
            var sum = 0
            for (bucket, bound) in MetricCounts.bounds.enumerated() {
                sum += counts.time(region: region, bucket: bucket)
                line("\(name)_bucket", [("region", regionName), ("le", Self.seconds(bound))], sum)
            }
            sum += counts.time(region: region, bucket: MetricCounts.bounds.count)
            line("\(name)_bucket", [("region", regionName), ("le", "+Inf")], sum)
            text += "\(name)_sum{region=\"\(regionName)\"} \(Self.seconds(counts.timeSum(region: region)))\n"
            line("\(name)_count", [("region", regionName)], sum)
        }
    }

    private mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func counter(_ name: String, _ help: String, _ count: Int) {
        family(name, "counter", help)
        line(name, [], count)
    }

    /// Label values are of closed sets of ours, without quotes or backslashes.
    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Int) {
        let list = labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
        text += name + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
    }

    private static func seconds(_ microseconds: Int) -> String { "\(Double(microseconds) / 1_000_000)" }

    private static func order(_ key: MetricCounts.WouldRefuse) -> String {
        key.code.rawValue + " " + key.route.rawValue
    }
}
