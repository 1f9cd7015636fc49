import Foundation
import RealmMigration
import TenantDirectory

/// The demo's last chapter: the host moves a site to the other region while the site's pages go on writing.
struct DemoMove: Sendable {
    let story: DemoStory
    let caller: HostCaller
    let settings: DemoSettings
    let configuration: GatewayConfiguration
    let eu: SQLiteSampleStore
    let us: SQLiteSampleStore
    let screen: DemoScreen

    /// How often the host's clock ticks while the demo's ticks once: five minutes are a second.
    private static let speed = 300.0
    /// For how long pages write before and after.
    private static let around = Duration.milliseconds(500)

    /// - Returns: what was checked, and what of it went wrong.
    func run() async throws -> Demo.Outcome {
        let (site, url) = (story.alpha, settings.regionURL("EU"))
        var before = try await eu.summary(of: site.clientKey)
        before.notes = try await eu.allNotes(of: site.clientKey)
        let writer = DemoWriter(caller: caller) { note in
            story.simulator.contextCall(
                site: site, method: "POST", path: "/api/notes", baseURL: url, body: ["text": .text(note)])
        }
        let writing = Task { await writer.run() }
        try await Task.sleep(for: Self.around)
        let move = HostMigrationRun(
            simulator: story.simulator, caller: caller, site: site, prefix: configuration.app.migrationPath,
            baseURL: url, target: "US", id: 57_500, appID: nil, speed: Self.speed, window: .seconds(7_200))
        let end = try await move.run { step, seen in screen.hook(step, seen) }
        try await Task.sleep(for: Self.around)
        writing.cancel()
        await writing.value
        return try await judge(site, before, writer.tally, end)
    }

    private func judge(
        _ site: HostSite, _ before: SampleSummary, _ tally: DemoWriter.Tally, _ end: HostMigration.Outcome
    ) async throws -> Demo.Outcome {
        var outcome = Demo.Outcome()
        func check(_ title: String, _ isGood: Bool, _ detail: String) {
            outcome.checks += 1
            if !isGood { outcome.faults += 1 }
            screen.finding(title, isGood, detail)
        }
        if case .rolledBack(let why) = end {
            check("the host committed the move", false, why)
            return outcome
        }
        let wanted = (before.notes + tally.notes).sorted()
        let notes = try await us.allNotes(of: site.clientKey)
        check(
            "every note that was acknowledged is in sample-us, once", notes.sorted() == wanted,
            "\(before.notes.count) before, \(tally.notes.count) written while it moved, \(notes.count) there")
        check(
            "no call failed; the longest waited out the pause", tally.failures == 0 && tally.regions.contains("US"),
            "\(tally.notes.count) calls, the slowest \(tally.slowest.wholeMilliseconds) ms")
        let moved = try await us.summary(of: site.clientKey)
        check(
            "counts came along", moved.webhooks == before.webhooks && moved.visits >= before.visits,
            "\(moved.visits) pages, \(moved.webhooks) webhooks")
        check("sample-eu takes nothing of alpha any more", await isRefused(site), "its rows stay until the purge")
        let receipt = try await receipt(of: site)
        check(
            "the move has a receipt", receipt?.phase == .committed,
            receipt.map(summary) ?? "there is none")
        return outcome
    }

    private func isRefused(_ site: HostSite) async -> Bool {
        do {
            try await eu.addNote("written past the gateway", of: site.clientKey)
            return false
        } catch {
            return error is SampleMoving
        }
    }

    private func summary(_ receipt: MigrationReceipt) -> String {
        let rows = receipt.stores.flatMap(\.lanes).reduce(0) { $0 + $1.rows }
        let changes = receipt.stores.reduce(0) { $0 + $1.changedRows }
        return "\(rows) rows copied, \(changes) changes followed, pause \(receipt.pause ?? 0) ms, \(receipt.migration)"
    }

    /// Waited for: it is written once both sides have been tidied after the switch.
    private func receipt(of site: HostSite) async throws -> MigrationReceipt? {
        let store = try await ConfiguredStore.openExisting(configuration)
        defer { store.close() }
        let alias = TenantAlias(.connect, app: SampleApp.key, name: site.clientKey)
        guard let tenant = try await store.tenant(.alias(alias)) else { return nil }
        for _ in 0..<100 {
            let record = try await store.migrations(MigrationFilter(tenant: tenant.id)).first
            if let receipt = record?.signedReceipt?.receipt, receipt.phase == .committed { return receipt }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }
}
