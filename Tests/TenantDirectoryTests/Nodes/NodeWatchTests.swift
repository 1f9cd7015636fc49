import Testing

@testable import TenantDirectory

@Suite("Watching the nodes of a directory")
struct NodeWatchTests {
    private let start = ContinuousClock.now

    private func node(
        _ id: String, heartbeat: Int64, state: NodeRecord.State = .serving, view: String = "EU US",
        digest: String = "d",
        skew: Int64? = nil
    ) -> NodeRecord {
        NodeRecord(
            identity: NodeRecord.Identity(id: id, incarnation: "1"), state: state, regions: [], heartbeat: heartbeat,
            version: "1", regionView: view, configurationDigest: digest, startedAt: 0, clockSkew: skew)
    }

    private func watch() -> NodeWatch {
        NodeWatch(silentAfter: .seconds(5), overdueAfter: .seconds(60), stoppedAfter: .seconds(30))
    }

    @Test("calls a node silent when its counter has stood still for long enough by the observer's own clock")
    func silent() {
        var watch = watch()
        #expect(watch.note([node("a", heartbeat: 900)], now: start).warnings.isEmpty, "nothing is known yet")
        #expect(watch.note([node("a", heartbeat: 900)], now: start + .seconds(4)).warnings.isEmpty)
        let report = watch.note([node("a", heartbeat: 900)], now: start + .seconds(5))
        #expect(report.nodes.map(\.isSilent) == [true])
        #expect(report.warnings.first?.contains("nodes remove a") == true)
        // Any other number is a sign of life, also a lower one.
        #expect(watch.note([node("a", heartbeat: 3)], now: start + .seconds(6)).nodes.map(\.isSilent) == [false])
    }

    @Test("lets a row that was marked silent go when its time is over, and no other")
    func overdue() {
        var watch = watch()
        let rows = [node("a", heartbeat: 1, state: .silent), node("b", heartbeat: 1)]
        #expect(watch.note(rows, now: start).nodes.map(\.isSilent) == [true, false])
        #expect(watch.note(rows, now: start + .seconds(59)).overdue.isEmpty)
        #expect(watch.note(rows, now: start + .seconds(60)).overdue == [rows[0].identity])
    }

    @Test("lets the row of a process that stopped with requests cut go when the app must be done with them")
    func stopped() {
        var watch = watch()
        let rows = [node("a", heartbeat: 1, state: .stopped, view: "EU"), node("b", heartbeat: 1)]
        #expect(watch.note(rows, now: start).overdue.isEmpty)
        let later = watch.note([rows[0], node("b", heartbeat: 2)], now: start + .seconds(29))
        #expect(later.overdue.isEmpty)
        #expect(later.warnings.isEmpty, "nobody has to look after it")
        #expect(
            watch.note([rows[0], node("b", heartbeat: 3)], now: start + .seconds(30)).overdue == [rows[0].identity])
    }

    @Test("tells of nodes whose views of the regions differ, or that were told different things")
    func views() {
        var watch = watch()
        let differing = watch.note(
            [node("a", heartbeat: 1), node("b", heartbeat: 1, view: "EU"), node("c", heartbeat: 1)], now: start)
        #expect(differing.warnings.count == 1)
        #expect(differing.warnings.first?.contains("EU (b); EU US (a, c)") == true)
        let digests = watch.note([node("a", heartbeat: 1), node("b", heartbeat: 1, digest: "e")], now: start)
        #expect(digests.warnings.count == 1)
        let silent = [node("a", heartbeat: 1), node("b", heartbeat: 1, state: .silent, view: "EU")]
        let warnings = watch.note(silent, now: start).warnings
        #expect(warnings.count == 1, "what a node that is gone was told matters to nobody")
        #expect(warnings.first?.contains("silent") == true)
    }

    @Test("tells of a node whose clock is more than a few seconds from the directory's, and not again for each moment")
    func clocks() {
        var watch = watch()
        let fine = watch.note(
            [node("a", heartbeat: 1, skew: 3_000), node("b", heartbeat: 1, skew: -3_000)], now: start)
        #expect(fine.warnings.isEmpty)
        let ahead = watch.note([node("a", heartbeat: 2, skew: 6_900)], now: start).warnings
        #expect(ahead.count == 1)
        #expect(ahead.first?.contains("node a is 7 s ahead of the directory's") == true)
        #expect(ahead.first?.contains("NTP") == true)
        #expect(watch.note([node("a", heartbeat: 3, skew: 7_100)], now: start).warnings == ahead)
        let behind = watch.note([node("a", heartbeat: 4, skew: -4_000)], now: start).warnings
        #expect(behind.first?.contains("4 s behind") == true)
    }

    @Test(
        "counts nothing of a clock's difference that the round trip may account for",
        arguments: [
            (1_000, 1_000, 1_000, 0), (1_000, 5_000, 3_000, 0), (1_000, 5_000, 5_000, 0), (1_000, 5_000, 900, 100),
            (1_000, 5_000, 9_000, -4_000),
        ] as [(Int64, Int64, Int64, Int64)])
    func roundTrip(before: Int64, after: Int64, server: Int64, skew: Int64) {
        #expect(ClockSkew.milliseconds(before: before, after: after, server: server) == skew)
    }
}
