import RealmMigration
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@Suite("A migration whose stores forget", .serialized, .timeLimit(.minutes(5)))
struct SetBackTests {
    @Test("deletes nothing at the old place while the new one does not know that it was opened")
    func targetForgets() async throws {
        try await MoveSite.with { site in
            try await site.start("a")
            let record = try await site.order()
            _ = try await site.reached(record.id, [.committed], purgeAt: true)
            let open = site.inUS.record
            site.inUS.setBack(to: .sealed, epoch: open.epoch - 1)
            _ = try await site.desk.purge(record.id, actor: "test")
            while try await site.store.migration(record.id)?.reason.contains("Nothing is deleted") != true {}
            #expect(site.inEU.rows == MoveSite.rows && site.inEU.record.state == .moved)
            // The token alone does not do: it must be the one of the decision.
            site.inUS.setBack(to: .open, epoch: open.epoch)
            let before = try await site.store.migration(record.id)?.updatedAt
            while try await site.store.migration(record.id)?.updatedAt == before {}
            #expect(site.inEU.rows == MoveSite.rows)
            site.inUS.restore(open)
            #expect(try await site.reached(record.id, [.done]).phase == .done)
            #expect(site.inEU.rows.isEmpty && site.inUS.rows == MoveSite.rows)
        }
    }

    @Test(
        "tells a source again that the tenant has left, when a standby without that has taken over",
        arguments: [
            StoreClaim.State.open, .fenced,
        ])
    func sourceForgets(_ state: StoreClaim.State) async throws {
        try await MoveSite.with {
            $0.recallInterval = .milliseconds(50)
        } _: { site in
            try await site.start("a")
            let record = try await site.order()
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            let moved = site.inEU.record
            site.inEU.setBack(to: state, epoch: state == .open ? moved.epoch - 1 : moved.epoch)
            // As fast as a directory answers, and no faster.
            while site.inEU.record.state != .moved { _ = try await site.store.lastSequence() }
            #expect(site.inEU.record.token == site.inUS.record.token && site.inEU.record.epoch == moved.epoch)
            #expect(committed.phase == .committed)
            #expect(try await site.place() == site.us)
        }
    }

    @Test("asks the target before it says that the tenant stays, where the source was set back in the pause")
    func forgetsInPause() async throws {
        try await MoveSite.with { site in
            let isOpened = Flag()
            site.inUS.onStep { visit in
                guard visit.step == .open, visit.moment == .after, !isOpened.isSet else { return nil }
                isOpened.set()
                // The decision was not on the disk of who takes over, and the coordinator hears nothing of the opening.
                site.inEU.setBack(to: .fenced, epoch: site.inUS.record.epoch - 1)
                return MigrationError(.unavailable, "planted")
            }
            try await site.start("a")
            let record = try await site.order()
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(committed.phase == .committed && isOpened.isSet, "\(committed.reason)")
            #expect(site.inEU.record.state == .moved)
            #expect(try await site.place() == site.us)
        }
    }

    @Test(
        "takes the seal off before it says that the tenant stays, where a source forgot the fence",
        arguments: [
            StoreClaim.State.open, .fenced,
        ])
    func forgetsFence(_ state: StoreClaim.State) async throws {
        try await MoveSite.with { site in
            let isSet = Flag()
            let order = Mutex<[String]>([])
            site.inUS.onStep { visit in
                guard visit.moment == .after else { return nil }
                if visit.step == .unseal { order.withLock { $0.append("unseal") } }
                guard visit.step == .seal, !isSet.isSet else { return nil }
                isSet.set()
                site.inEU.setBack(to: state, epoch: site.inEU.record.epoch - (state == .open ? 1 : 0))
                return MigrationError(.unavailable, "planted")
            }
            site.inEU.onStep { visit in
                if visit.moment == .after, visit.step == .decide { order.withLock { $0.append("decide") } }
                return nil
            }
            try await site.start("a")
            let record = try await site.order()
            let committed = try await site.reached(record.id, [.committed], purgeAt: true)
            #expect(committed.phase == .committed, "\(committed.reason)")
            #expect(order.withLock { Array($0.prefix(2)) } == ["unseal", "decide"])
            #expect(site.inUS.rows == MoveSite.rows)
            #expect(try await site.place() == site.us)
        }
    }

    @Test("is not switched where the schema changes in the pause, on either side", arguments: [true, false])
    func schemaInPause(_ isSource: Bool) async throws {
        try await MoveSite.with { site in
            let changed = Flag()
            site.inEU.onStep { visit in
                guard visit.step == .raiseFence, visit.moment == .after, !changed.isSet else { return nil }
                changed.set()
                (isSource ? site.inEU : site.inUS).changeSchema()
                return nil
            }
            try await site.start("a")
            let record = try await site.order()
            let over = try await site.reached(record.id, [])
            #expect(over.phase == .rolledBack && changed.isSet)
            #expect(over.reason.contains("schema"), "\(over.reason)")
            #expect(try await site.place() == site.eu)
            #expect(site.inUS.rows.isEmpty && !site.inUS.hasLeftovers && !site.inEU.hasLeftovers)
        }
    }
}
