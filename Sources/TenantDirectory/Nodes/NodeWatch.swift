/// Judges whether nodes live: a heartbeat is a counter, and a node is silent when the observer has seen no change of it
/// for a while, by its own clock (amendment H26). Pure; for one observer.
package struct NodeWatch {
    package typealias Instant = ContinuousClock.Instant

    private struct Seen {
        let heartbeat: Int64
        let state: NodeRecord.State
        let at: Instant
    }

    /// How long a node may show nothing.
    private let silentAfter: Duration
    /// How long a row that was marked silent stands.
    private let overdueAfter: Duration
    /// How long one stands of a process that has stopped and has cut requests.
    private let stoppedAfter: Duration
    private var seen: [NodeRecord.Identity: Seen] = [:]

    package init(silentAfter: Duration, overdueAfter: Duration, stoppedAfter: Duration = .seconds(60)) {
        self.silentAfter = silentAfter
        self.overdueAfter = overdueAfter
        self.stoppedAfter = stoppedAfter
    }

    /// Takes what the directory says now.
    package mutating func note(_ records: [NodeRecord], now: Instant) -> NodesReport {
        var next: [NodeRecord.Identity: Seen] = [:]
        var report = NodesReport()
        for record in records {
            var seen = Seen(heartbeat: record.heartbeat, state: record.state, at: now)
            if let before = self.seen[record.identity], before.heartbeat == record.heartbeat,
                before.state == record.state
            {
                seen = before
            }
            next[record.identity] = seen
            let unchangedFor = now - seen.at
            let isSilent = record.state == .silent || record.state != .stopped && unchangedFor >= silentAfter
            report.nodes.append(NodesReport.Node(record: record, unchangedFor: unchangedFor, isSilent: isSilent))
            let isOverdue =
                switch record.state {
                case .silent: unchangedFor >= overdueAfter
                case .stopped: unchangedFor >= stoppedAfter
                case .starting, .serving: false
                }
            if isOverdue { report.overdue.append(record.identity) }
        }
        // Rows that are gone are forgotten with this.
        seen = next
        report.warnings = Self.warnings(report)
        return report
    }

    private static func warnings(_ report: NodesReport) -> [String] {
        var warnings = report.nodes.filter(\.isSilent).map { node in
            "Node \(node.record.identity.id) is silent: a cutover of its regions waits for it. Start it again, or take "
                + "it away with `residency-gateway nodes remove \(node.record.identity.id)`."
        }
        warnings += report.nodes.filter { $0.record.state != .silent }.compactMap { node in
            node.record.clockSkew.flatMap { ClockSkew.warning($0, of: "node \(node.record.identity.id)") }
        }
        let records = report.nodes.map(\.record)
        let views = NodesReport.views(of: records, \.regionView)
        if views.count > 1 {
            let groups = views.map { "\($0.view) (\($0.nodes.joined(separator: ", ")))" }
            warnings.append(
                "The nodes differ in their view of the regions: \(groups.joined(separator: "; ")). Give all of them "
                    + "the same declaration and defaultRegion; until then nothing is moved between them.")
        }
        let digests = NodesReport.views(of: records, \.configurationDigest)
        if views.count == 1, digests.count > 1 {
            let groups = digests.map { $0.nodes.joined(separator: ", ") }
            warnings.append(
                "The nodes differ in what all must be told alike (declaration, public URLs, host settings): "
                    + "\(groups.joined(separator: " | ")).")
        }
        return warnings
    }
}
