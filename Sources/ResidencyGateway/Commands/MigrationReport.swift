import Foundation
import RealmMigration
import TenantDirectory

/// A migration as commands show it.
enum MigrationReport {
    /// One object; its members are those of the record, with progress and plan as objects.
    private struct View: Encodable {
        var id: String
        var tenant: TenantID
        var kind: MigrationRecord.Kind
        var source: Region
        var target: Region
        var phase: MigrationPhase
        var isReturn: Bool
        var mode: MoveMode?
        var commit: MigrationRecord.Commit
        var wishes: [String]
        var attempt: Int64
        var node: String?
        var batch: String?
        var startAt: Date?
        var purgeAt: Date?
        var createdAt: Date
        var updatedAt: Date
        var reason: String
        var progress: MigrationProgress
        var plan: MigrationPlanReport?
    }

    static func json(_ record: MigrationRecord) -> String {
        let progress = record.decodedProgress
        return encode(
            View(
                id: record.id, tenant: record.tenant, kind: record.kind, source: record.source, target: record.target,
                phase: record.phase, isReturn: record.isReturn, mode: progress.memo.mode, commit: record.commit,
                wishes: record.wishes.map(\.rawValue).sorted(), attempt: record.attempt,
                node: record.lease.holder?.id, batch: record.batch?.name,
                startAt: record.startAt > 0 ? date(record.startAt) : nil, purgeAt: record.purgeAt.map(date),
                createdAt: date(record.createdAt), updatedAt: date(record.updatedAt), reason: record.reason,
                progress: progress, plan: record.plan))
    }

    static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }

    // MARK: For people

    /// `4f1c…  EU → US  copying`
    static func line(_ record: MigrationRecord) -> String {
        let way = "\(record.from) → \(record.to)"
        let reason = record.reason.isEmpty ? "" : ": \(record.reason)"
        return "\(record.id)  \(way)  \(words(record))\(reason)"
    }

    private static func words(_ record: MigrationRecord) -> String {
        switch record.phase {
        case .scheduled: "waits for its turn"
        case .ready where record.commit == .manual && !record.wishes.contains(.commit):
            "ready; waits for `migrate commit`"
        case .catchingUp: "catching up"
        case .cuttingOver: "cutting over"
        case .committed: "committed: the tenant is in \(record.to)"
        case .rollingBack: "rolling back"
        case .rolledBack: "rolled back: the tenant is in \(record.from)"
        default: record.phase.rawValue
        }
    }

    static func text(_ record: MigrationRecord) -> [String] {
        let progress = record.decodedProgress
        var lines = [
            ("Migration", record.id), ("Tenant", record.tenant.description),
            ("Way", "\(record.from) → \(record.to)" + (record.isReturn ? " (a return)" : "")),
            ("Phase", words(record)),
        ]
        if !record.reason.isEmpty { lines.append(("Why", record.reason)) }
        if let mode = progress.memo.mode { lines.append(("Mode", mode.rawValue)) }
        if let node = record.lease.holder?.id { lines.append(("Node", node)) }
        if let pause = progress.expectedPause, record.phase.isBeforeSwitch {
            lines.append(("Expected pause", "\(pause) ms"))
        }
        if let since = progress.writesStoppedAt, record.phase.isBeforeSwitch {
            lines.append(("Writes stopped", "since \(date(since).formatted(.iso8601))"))
        }
        if let stopped = progress.writesStopped { lines.append(("Writes stopped", "for \(stopped) ms")) }
        if let pause = progress.pause { lines.append(("Pause", "\(pause) ms")) }
        if !progress.passedOver.isEmpty {
            lines.append(("Passed over", progress.passedOver.joined(separator: ", ")))
        }
        if let purgeAt = record.purgeAt { lines.append(("Purge", date(purgeAt).formatted(.iso8601))) }
        let style = TerminalStyle.standardOutput
        return lines.map { name, value in
            style.dim(name.padding(toLength: 16, withPad: " ", startingAt: 0)) + value
        } + stores(progress, style)
    }

    private static func stores(_ progress: MigrationProgress, _ style: TerminalStyle) -> [String] {
        var table = TextTable(["STORE", "TABLE", "ROWS", "BYTES", "STATE"])
        for store in progress.stores {
            if store.kind == .none { table.add([store.name, "-", "-", "-", "not moved: \(store.reason)"]) }
            if store.isShared { table.add([store.name, "-", "-", "-", "one store for both regions"]) }
            for lane in store.lanes {
                let state = lane.isDone ? "copied" : "\(lane.rows) of about \(lane.expectedRows) rows"
                table.add([store.name, lane.name, "\(lane.rows)", "\(lane.bytes)", state])
            }
            if store.changedRows > 0 { table.add([store.name, "(changes)", "\(store.changedRows)", "-", "followed"]) }
        }
        return table.rows.isEmpty ? [] : [""] + table.lines(style: style)
    }

    static func plan(_ plan: MigrationPlanReport) -> [String] {
        let style = TerminalStyle.standardOutput
        var lines = [
            "\(plan.rows) rows, \(plan.bytes) bytes, \(plan.mode.rawValue); about \(plan.expectedDuration) ms, "
                + "with a pause of about \(plan.expectedPause) ms"
        ]
        if let stop = plan.expectedStop {
            lines.append("Before the pause it is read and not written (503 tenant-moving) for about \(stop) ms")
        }
        var table = TextTable(["STORE", "TABLE", "ROWS", "BYTES", "HOW"])
        for row in plan.tables {
            table.add([
                row.store, row.name, "\(row.rows)", "\(row.bytes)",
                row.isLive ? "follows live" : "while writes stand still",
            ])
        }
        if !table.rows.isEmpty { lines += table.lines(style: style) }
        for (kind, findings) in [("blocker", plan.blockers), ("warning", plan.warnings)] {
            for finding in findings {
                lines.append("\(style.bold(kind)) \(finding.store), \(finding.side): \(finding.message)")
                if !finding.remedy.isEmpty { lines.append("  \(finding.remedy)") }
            }
        }
        return lines
    }

    // MARK: Progress

    static func showProgress(_ record: MigrationRecord) {
        guard Console.isErrorTerminal, [.copying, .cuttingOver].contains(record.phase) else { return }
        let (done, total) = record.decodedProgress.copied
        Console.progress(ProgressBar(total: Int(total), what: "bytes").line(Int(done)))
    }

    static func endProgress() {
        if Console.isErrorTerminal { Console.progress("") }
    }
}
