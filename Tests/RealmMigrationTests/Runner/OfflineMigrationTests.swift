import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

/// One at a time: each has nodes of its own that look into a directory of its own again and again.
@Suite("A migration that is not live", .serialized, .timeLimit(.minutes(5)))
struct OfflineMigrationTests {
    /// As the host orders it: it waits for the host's commit.
    private func order(_ site: MoveSite) async throws -> MigrationRecord {
        let record = try await site.order {
            $0.mode = .offline
            $0.trigger = .host(id: "window", windowEnd: .max)
        }
        return try await site.store.wish(.begin, of: record.id, actor: "host")
    }

    /// Whether the gate of the site's node lets a request pass at a region.
    private func admits(_ site: MoveSite, at region: Region, isSafe: Bool) throws -> Bool {
        let gates = try #require(site.fleet.gates(of: "gate-1"))
        guard gates.admit(site.tenant, at: region, isSafe: isSafe, noting: {}) else { return false }
        gates.end(site.tenant)
        return true
    }

    @Test("is read on at the source from the copy to the decision, and written nowhere")
    func reads() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await order(site)
            let ready = try await site.reached(record.id, [.ready])
            #expect(ready.phase == .ready, "\(ready.reason)")
            #expect(try admits(site, at: site.eu, isSafe: true))
            #expect(try !admits(site, at: site.eu, isSafe: false))
            #expect(throws: MemoryStore.Refused.self) { try site.inEU.write("notes", "stray", "of a job") }
            // What makes the app act is not there before the decision.
            #expect(site.inUS.rows["installs"]?.isEmpty ?? true)
            let stopped = try #require(try await site.store.hold(of: site.tenant))
            #expect(stopped.state == .moving && site.inEU.record.epoch == stopped.epoch)
            _ = try await site.desk.commit(record.id, actor: "host")
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(committed.phase == .committed && committed.attempt == 1, "\(committed.reason)")
            #expect(site.inUS.rows == MoveSite.rows)
            // The pause was a hold of its own, at a higher epoch.
            #expect(site.inEU.record.epoch == stopped.epoch + 1)
            #expect(try await site.place() == site.us)
            #expect(committed.signedReceipt?.receipt.writesStopped != nil)
        }
    }

    @Test("lets the writes go on when it is cancelled", arguments: [MigrationPhase.copying, .ready])
    func cancelled(_ phase: MigrationPhase) async throws {
        try await MoveSite.with { site in
            let isThere = Flag()
            if phase == .copying {
                site.inEU.onStep { visit in
                    guard visit.step == .copyBatch, visit.moment == .before else { return nil }
                    isThere.set()
                    while !Task.isCancelled { await Task.yield() }
                    return MigrationError(.unavailable, "stopped")
                }
            }
            try await site.start("a")
            let record = try await order(site)
            if phase == .copying {
                while !isThere.isSet { await Task.yield() }
            } else {
                _ = try await site.reached(record.id, [.ready])
            }
            #expect(try !admits(site, at: site.eu, isSafe: false))
            _ = try await site.desk.cancel(record.id, actor: "host")
            #expect(try await site.reached(record.id, []).phase == .rolledBack)
            #expect(try await site.store.hold(of: site.tenant) == nil)
            #expect(try await site.place() == site.eu)
            try site.inEU.write("notes", "after", "x")
            while try !admits(site, at: site.eu, isSafe: false) { await Task.yield() }
            #expect(!site.inEU.hasLeftovers && !site.inUS.hasLeftovers && site.inUS.rows.isEmpty)
        }
    }

    @Test("is taken over with its copy while it waits for the commit")
    func takenOver() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await order(site)
            _ = try await site.reached(record.id, [.ready])
            let before = try #require(try await site.store.hold(of: site.tenant))
            await site.forget("a")
            try await site.start("b")
            while try await site.store.migration(record.id)?.lease.holder?.id != "b" {}
            _ = try await site.desk.commit(record.id, actor: "host")
            let committed = try await site.reached(record.id, [.committed])
            #expect(committed.phase == .committed && committed.attempt == 1, "\(committed.reason)")
            #expect(site.inEU.record.epoch > before.epoch)
            #expect(site.inUS.rows == MoveSite.rows)
        }
    }

    @Test("copies anew where somebody has let the writes go on behind its back, and loses none")
    func letGo() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await order(site)
            _ = try await site.reached(record.id, [.ready])
            let hold = try #require(try await site.store.hold(of: site.tenant))
            // As a node does that hears nothing for long: the store first.
            let ticket = MoveTicket(
                migration: record.id, tenant: site.tenant, names: TenantNames(installationID: "i"), source: site.eu,
                target: site.us, directory: try await site.store.directoryName(), generation: 1, attempt: 1)
            #expect(try await site.inEU.source.decide(ticket, epoch: hold.epoch, .open) == .open)
            try site.inEU.write("notes", "meanwhile", "acknowledged")
            _ = try await site.desk.commit(record.id, actor: "host")
            let committed = try await site.reached(record.id, [.committed])
            #expect(committed.phase == .committed && committed.attempt == 2, "\(committed.reason)")
            #expect(site.inUS.rows["notes"]?["meanwhile"] == "acknowledged")
        }
    }

    @Test("ends where its copy takes longer than the writes may stand still, and says what to do")
    func budget() async throws {
        try await MoveSite.with {
            $0.offlineBudget = .milliseconds(200)
        } _: { site in
            site.inEU.onStep { visit in
                while visit.step == .copyBatch, visit.moment == .before, !Task.isCancelled { await Task.yield() }
                return nil
            }
            try await site.start("a")
            let record = try await order(site)
            let over = try await site.reached(record.id, [])
            #expect(over.phase == .rolledBack && over.reason.contains("migration.offlineBudget"), "\(over.reason)")
            #expect(try await site.place() == site.eu)
            #expect(try await site.store.hold(of: site.tenant) == nil)
        }
    }
}
