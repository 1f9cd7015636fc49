import RegionRouter
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("The numbers of the data plane")
struct RouterMetricsTests {
    private func metrics() throws -> RouterMetrics { RouterMetrics(regions: [try #require(Region("EU"))]) }

    private func page(_ metrics: RouterMetrics, _ tenants: TenantCounts? = nil) -> [String] {
        PrometheusText.page(metrics, health: Health(regions: []).report, tenants: tenants)
            .split(separator: "\n").map(String.init)
    }

    @Test("count requests by region, route and class of status, and times in buckets that grow")
    func requests() throws {
        let metrics = try metrics()
        metrics.observe(.requestEnded(region: "EU", route: .token, status: 200, totalMicroseconds: 250))
        metrics.observe(.requestEnded(region: "EU", route: .token, status: 204, totalMicroseconds: 251))
        metrics.observe(.requestEnded(region: "EU", route: .host, status: 502, totalMicroseconds: 20_000_000))
        metrics.observe(.requestEnded(region: "nowhere", route: .none, status: 0, totalMicroseconds: -1))
        let lines = page(metrics)
        #expect(lines.contains(#"residency_requests_total{region="EU",route="token",status="2xx"} 2"#))
        #expect(lines.contains(#"residency_requests_total{region="EU",route="host",status="5xx"} 1"#))
        #expect(lines.contains(#"residency_requests_total{region="none",route="none",status="none"} 1"#))
        #expect(lines.contains(#"residency_request_seconds_bucket{region="EU",le="0.00025"} 1"#))
        #expect(lines.contains(#"residency_request_seconds_bucket{region="EU",le="0.0005"} 2"#))
        #expect(lines.contains(#"residency_request_seconds_bucket{region="EU",le="10.0"} 2"#))
        #expect(lines.contains(#"residency_request_seconds_bucket{region="EU",le="+Inf"} 3"#))
        #expect(lines.contains(#"residency_request_seconds_count{region="EU"} 3"#))
        #expect(lines.contains(#"residency_request_seconds_sum{region="EU"} 20.000501"#))
    }

    @Test("count all else that is heard")
    func events() throws {
        let metrics = try metrics()
        for _ in 0..<3 { metrics.observe(.connectionOpened) }
        for event: RouterEvent in [
            .connectionClosed, .connectionRefused, .displacedCall, .requestHeld, .upstreamConnectionOpened,
            .upstreamConnectionFailed, .refused(.badSignature), .refused(.badSignature), .wouldRefuse(.expired, .forge),
        ] { metrics.observe(event) }
        let lines = page(metrics, TenantCounts(byState: [.enabled: 5], displaced: 2))
        for line in [
            "residency_connections_opened_total 3", "residency_connections_open 2",
            "residency_connections_refused_total 1",
            "residency_displaced_calls_total 1", "residency_requests_held_total 1",
            "residency_upstream_connections_opened_total 1",
            "residency_upstream_connections_failed_total 1", #"residency_refused_total{code="bad-signature"} 2"#,
            #"residency_would_refuse_total{code="token-expired",route="forge"} 1"#,
            #"residency_tenants{state="enabled"} 5"#, #"residency_tenants{state="pending"} 0"#,
            "residency_tenants_displaced 2", "residency_ready 0",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("are added up from all threads, and none is lost")
    func threads() async throws {
        let metrics = try metrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        metrics.observe(.requestEnded(region: "EU", route: .token, status: 200, totalMicroseconds: 1))
                    }
                }
            }
        }
        #expect(page(metrics).contains(#"residency_requests_total{region="EU",route="token",status="2xx"} 8000"#))
    }

    @Test("every family has its help and type before its lines, and every line is well-formed")
    func format() throws {
        let metrics = try metrics()
        metrics.observe(.requestEnded(region: "EU", route: .token, status: 200, totalMicroseconds: 1))
        metrics.observe(.refused(.busy))
        var family = ""
        for line in page(metrics, TenantCounts(byState: [:], displaced: 0)) {
            if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                #expect(String(match.1) == family)
            } else if let match = line.wholeMatch(of: /# HELP ([a-z_]+) .+\./) {
                family = String(match.1)
            } else if line.hasPrefix("# HELP") {
                family = line.split(separator: " ").dropFirst(2).first.map(String.init) ?? ""
            } else {
                #expect(line.hasPrefix(family), "\(line)")
                #expect(
                    line.wholeMatch(of: /[a-z_]+(\{[a-z]+="[^"\\]+"(,[a-z]+="[^"\\]+")*\})? [-0-9.e]+/) != nil,
                    "\(line)")
            }
        }
    }
}
