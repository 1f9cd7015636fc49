import Foundation
import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    private var journal: any MigrationStore & HoldStore & NodeRegistry {
        get throws { try #require(store as? any MigrationStore & HoldStore & NodeRegistry) }
    }

    private static let node = NodeRecord.Identity(id: "eu-1", incarnation: "1")
    private static let other = NodeRecord.Identity(id: "eu-2", incarnation: "2")

    private func request(_ tenant: Tenant, kind: MigrationRecord.Kind = .move, atMost: Int? = nil) throws
        -> MigrationRequest
    {
        MigrationRequest(
            tenant: tenant.id, source: try region("EU"), target: try region("US"), kind: kind, atMost: atMost)
    }

    private func created(_ tenant: Tenant) async throws -> MigrationRecord {
        try await journal.createMigration(try request(tenant), actor: "migrate start")
    }

    private func taken(_ record: MigrationRecord, by node: NodeRecord.Identity = node) async throws -> MigrationRecord {
        try #require(try await journal.takeMigration(record.id, by: node, seen: record.lease, above: 0, atOnce: 4))
    }

    private func saved(_ record: MigrationRecord, _ phase: MigrationPhase) async throws -> MigrationRecord {
        var record = record
        record.phase = phase
        return try await journal.saveMigration(record)
    }

    static let migrationCases: [Case] = enteringCases + workingCases + switchCases

    private static let enteringCases: [Case] = [
        Case("A directory has one name, whoever asks first") { suite async throws in
            let journal = try suite.journal
            async let first = journal.directoryName()
            async let second = journal.directoryName()
            let names = try await [first, second, journal.directoryName()]
            #expect(Set(names).count == 1)
        },
        Case("A migration is as it was asked for, and a tenant has one that is not over") { suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            var request = try suite.request(tenant)
            request.mode = .live
            request.commit = .manual
            request.trigger = .host(id: "m-1", windowEnd: 5)
            request.startAt = 7
            request.batch = MigrationBatch(name: "wave 1", atOnce: 2)
            let record = try await journal.createMigration(request, actor: "host")
            #expect(record.phase == .scheduled)
            #expect(try await journal.migration(record.id) == record)
            #expect(record.mode == .live && record.commit == .manual && record.startAt == 7)
            #expect(record.trigger == .host(id: "m-1", windowEnd: 5))
            #expect(record.batch == MigrationBatch(name: "wave 1", atOnce: 2))
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.createMigration(request, actor: "host")
            }
            // A plan changes nothing.
            let plan = try await journal.createMigration(suite.request(tenant, kind: .plan), actor: "migrate plan")
            let listed = try await journal.migrations(MigrationFilter(tenant: tenant.id))
            #expect(Set(listed.map(\.id)) == [record.id, plan.id])
            #expect(try await journal.migrations(MigrationFilter(batch: "wave 1")).map(\.id) == [record.id])
            #expect(try await suite.store.audit(of: tenant.id, limit: 1).first?.action == "plan asked for")
        },
        Case("A migration begins where the tenant is, leads elsewhere, and has room") { suite async throws in
            let journal = try suite.journal
            let (a, b) = (
                try await suite.installed([suite.connect("a")]), try await suite.installed([suite.connect("b")])
            )
            for (source, target) in [("US", "EU"), ("EU", "EU"), ("EU", "GLOBAL")] {
                var request = try suite.request(a)
                (request.source, request.target) = (try suite.region(source), try suite.region(target))
                await suite.expect(.conflict) { () async throws(DirectoryError) in
                    _ = try await journal.createMigration(request, actor: "migrate start")
                }
            }
            _ = try await journal.createMigration(suite.request(a, atMost: 1), actor: "host")
            let second = try suite.request(b, atMost: 1)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.createMigration(second, actor: "host")
            }
            _ = try await journal.createMigration(suite.request(b, atMost: 2), actor: "host")
        },
        Case("What is wanted is noted as far as the phase allows it") { suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            let record = try await suite.created(tenant)
            #expect(try await journal.wish(.commit, of: record.id, actor: "migrate commit").wishes == [.commit])
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.wish(.return, of: record.id, actor: "migrate return")
            }
            let over = try await journal.wish(.cancel, of: record.id, actor: "migrate cancel")
            #expect(over.phase == .rolledBack)
            #expect(try await journal.migrations(MigrationFilter(activeOnly: true)).isEmpty)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.wish(.purge, of: record.id, actor: "migrate purge")
            }
            _ = try await suite.created(tenant)
        },
        Case("The uninstalling of a tenant cancels its migration") { suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            let record = try await suite.taken(suite.created(tenant))
            _ = try await suite.store.setState(.uninstalled, of: tenant.id, actor: "host")
            #expect(try await journal.migration(record.id)?.wishes == [.cancel])
        },
    ]

    private static let workingCases: [Case] = [
        Case("A lease is taken once for what was seen of it, and each taker has a higher generation") {
            suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            let record = try await suite.created(tenant)
            let first = try await suite.taken(record)
            #expect(first.phase == .preparing && first.lease.generation == 1)
            #expect(
                try await journal.takeMigration(record.id, by: other, seen: record.lease, above: 0, atOnce: 4) == nil)
            // A sign of life since: it is not over.
            let alive = try await journal.saveMigration(first)
            #expect(
                try await journal.takeMigration(record.id, by: other, seen: first.lease, above: 0, atOnce: 4) == nil)
            let second = try await suite.taken(alive, by: other)
            #expect(second.lease.generation == 2)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.saveMigration(alive)
            }
            // A store has answered a higher one.
            let third = try #require(
                try await journal.takeMigration(record.id, by: other, seen: second.lease, above: 6, atOnce: 4))
            #expect(third.lease.generation == 7)
            // The next migration of the tenant counts on.
            _ = try await suite.saved(suite.saved(third, .rollingBack), .rolledBack)
            #expect(try await suite.taken(suite.created(tenant)).lease.generation == 8)
        },
        Case("What the holder writes is read, beside what others want; a lease that is left is free") {
            suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            var record = try await suite.taken(suite.created(tenant))
            _ = try await journal.wish(.commit, of: record.id, actor: "migrate commit")
            (record.phase, record.attempt, record.progress) = (.copying, 2, #"{"rows":1}"#)
            (record.findings, record.reason, record.receipt, record.purgeAt) = ("[]", "why", "{}", 9)
            let saved = try await journal.saveMigration(record)
            #expect(saved.wishes == [.commit])
            #expect(try await journal.migration(record.id) == saved)
            #expect((saved.progress, saved.attempt, saved.purgeAt ?? 0) == (#"{"rows":1}"#, 2, 9))
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                var wrong = saved
                wrong.phase = .purging
                _ = try await journal.saveMigration(wrong)
            }
            try await journal.leaveMigration(saved)
            let free = try #require(try await journal.migration(record.id))
            #expect(free.lease.holder == nil)
            _ = try await suite.taken(free, by: other)
        },
        Case("What has not begun waits for its time, and for its turn between two regions and in its batch") {
            suite async throws in
            let journal = try suite.journal
            var records: [MigrationRecord] = []
            for name in ["a", "b", "c"] {
                var request = try suite.request(try await suite.installed([suite.connect(name)]))
                if name == "a" { request.startAt = Int64(suite.clock.now.timeIntervalSince1970 * 1_000) + 1_000 }
                if name != "a" { request.batch = MigrationBatch(name: "wave", atOnce: 1) }
                records.append(try await journal.createMigration(request, actor: "migrate start"))
            }
            func take(_ index: Int, _ atOnce: Int) async throws -> MigrationRecord? {
                try await journal.takeMigration(
                    records[index].id, by: node, seen: records[index].lease, above: 0, atOnce: atOnce)
            }
            #expect(try await take(0, 9) == nil)
            suite.clock.advance(by: .seconds(2))
            #expect(try await take(0, 9) != nil)
            #expect(try await take(1, 1) == nil)
            let running = try #require(try await take(1, 2))
            #expect(try await take(2, 9) == nil)
            _ = try await suite.saved(suite.saved(running, .rollingBack), .rolledBack)
            #expect(try await take(2, 9) != nil)
        },
    ]

    private static let switchCases: [Case] = [
        Case("The switch ends the hold and commits the migration in one step, for its own coordinator alone") {
            suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            var record = try await suite.taken(suite.created(tenant))
            let (eu, us) = (try suite.region("EU"), try suite.region("US"))
            let early = record.holdName
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.hold(tenant.id, for: early, at: eu, above: 0, actor: "migration")
            }
            record = try await suite.saved(suite.saved(record, .ready), .cuttingOver)
            let hold = try await journal.hold(tenant.id, for: record.holdName, at: eu, above: 0, actor: "migration")
            // Another node takes over: what the first one had held, it does not hold again.
            let second = try await suite.taken(record, by: other)
            #expect(try await journal.release(hold, to: eu, actor: "migration").placement.region == eu)
            #expect(try await journal.migration(record.id)?.phase == .cuttingOver)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.hold(tenant.id, for: hold.migration, at: eu, above: 0, actor: "migration")
            }
            let again = try await journal.hold(
                tenant.id, for: second.holdName, at: eu, above: 0, actor: "migration")
            #expect(try await journal.passBarrier(again, acknowledged: [], passedOver: []).isEmpty)
            _ = try await journal.release(again, to: us, actor: "migration")
            #expect(try await journal.migration(record.id)?.phase == .committed)
            // A sign of life of who has not heard of it leaves the phase as it is.
            #expect(try await journal.saveMigration(second).phase == .committed)
        },
        Case("A migration that is to be cancelled holds nothing any more") { suite async throws in
            let journal = try suite.journal
            let tenant = try await suite.installed([suite.connect("a")])
            let record = try await suite.saved(
                suite.saved(suite.taken(suite.created(tenant)), .ready), .cuttingOver)
            _ = try await journal.wish(.cancel, of: record.id, actor: "migrate cancel")
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await journal.hold(
                    tenant.id, for: record.holdName, at: record.source, above: 0, actor: "migration")
            }
        },
    ]
}
