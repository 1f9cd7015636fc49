import ArgumentParser
import Foundation
import TenantDirectory

struct NodesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the nodes of the directory, and whether they show that they live.",
        discussion: """
            A node shows a sign of life every second. This watches until each has shown one, for at most 3 seconds: no
            clock of another machine is trusted. Warnings go to standard error.

            EXAMPLES
              residency-gateway nodes list
              residency-gateway nodes list --json | jq -r 'select(.silent) | .id'
            """)

    /// How long a node is watched before it is called silent.
    private static let patience = Duration.seconds(3)
    private static let pause = Duration.milliseconds(200)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let report = try await watch(store)
        let last = try await store.lastSequence()
        var table = TextTable(["NODE", "STATE", "REGIONS", "APPLIED", "BEHIND", "CLOCK", "VERSION", "LISTENS ON"])
        for node in report.nodes {
            if json {
                Console.write(String(decoding: Self.json(node, last).bytes, as: UTF8.self))
            } else {
                table.add(Self.row(node, last))
            }
        }
        if !json { for line in table.lines(style: .standardOutput) { Console.write(line) } }
        for warning in report.warnings { Console.complain("warning: \(warning)") }
    }

    private func watch(_ registry: any NodeRegistry) async throws -> NodesReport {
        var watch = NodeWatch(silentAfter: Self.patience - Self.pause, overdueAfter: .seconds(86_400 * 365))
        let start = ContinuousClock.now
        let first = try await registry.nodes()
        let beats = Dictionary(first.map { ($0.identity, $0.heartbeat) }) { before, _ in before }
        var report = watch.note(first, now: start)
        while ContinuousClock.now - start < Self.patience {
            let isWaiting = report.nodes.contains { node in
                node.record.state != .silent && node.record.state != .stopped
                    && beats[node.record.identity] == node.record.heartbeat
            }
            guard isWaiting else { break }
            try await Task.sleep(for: Self.pause)
            report = watch.note(try await registry.nodes(), now: .now)
        }
        return report
    }

    private static func state(_ node: NodesReport.Node) -> String {
        node.isSilent ? "silent" : node.record.state.rawValue
    }

    private static func row(_ node: NodesReport.Node, _ last: Int64) -> [String] {
        let record = node.record
        return [
            record.identity.id, state(node), record.regions.map(\.code).joined(separator: " "),
            "\(record.appliedSequence)", "\(max(0, last - record.appliedSequence))", clock(record), record.version,
            record.addresses["listen"] ?? "-",
        ]
    }

    /// Whole seconds that it is ahead of the directory's.
    private static func clock(_ record: NodeRecord) -> String {
        guard let skew = record.clockSkew else { return "-" }
        guard abs(skew) > ClockSkew.bound else { return "ok" }
        return "\(skew > 0 ? "+" : "-")\((abs(skew) + 500) / 1_000) s"
    }

    private static func json(_ node: NodesReport.Node, _ last: Int64) -> JSONValue {
        let record = node.record
        return [
            "id": .text(record.identity.id), "incarnation": .text(record.identity.incarnation),
            "state": .text(state(node)), "silent": .bool(node.isSilent),
            "regions": .array(record.regions.map { .text($0.code) }),
            "addresses": .object(record.addresses.mapValues { .text($0) }),
            "appliedSequence": .number(Int(record.appliedSequence)),
            "behind": .number(Int(max(0, last - record.appliedSequence))), "version": .text(record.version),
            "clockSkewMilliseconds": record.clockSkew.map { .number(Int($0)) } ?? .null,
            "regionView": .text(record.regionView), "configurationDigest": .text(record.configurationDigest),
            "startedAt": .text(
                Date(timeIntervalSince1970: Double(record.startedAt) / 1_000).formatted(.iso8601)),
        ]
    }
}
