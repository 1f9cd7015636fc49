import RealmMigration
import TenantDirectory
import TestSupport
import Testing

/// One after the other: each keeps ten sessions busy.
@Suite("The checker of moves", .serialized, .timeLimit(.minutes(5)))
struct CheckerTests {
    /// What may be wrong with a mover, and by what it must be found.
    enum Plant: CaseIterable {
        case fenceWithoutLock, positionBeforeFence, drainSkipped, silentNodePassedOver, purgeBeforeCommit

        var fault: WriteBook.Fault {
            switch self {
            case .fenceWithoutLock, .positionBeforeFence, .purgeBeforeCommit: .lost
            case .drainSkipped: .failed
            case .silentNodePassedOver: .behind
            }
        }
    }

    @Test("finds nothing where nothing is wrong")
    func clean() async throws {
        let move = try await CheckedMove()
        let end = try await move.run()
        #expect(end.phase == .committed, "\(end.reason)")
        #expect(move.book.faults == [:])
        await move.stop()
    }

    @Test("finds each fault that is planted", arguments: Plant.allCases)
    func planted(_ plant: Plant) async throws {
        let move = try await CheckedMove(
            seesTraffic: plant != .drainSkipped, change: { $0.passOverSilent = plant == .silentNodePassedOver }
        ) { databases, store in Self.source(plant, databases, store) }
        if plant == .silentNodePassedOver { move.fleet.silence("gate-2") }
        let end = try await move.run()
        #expect(move.book.faults[plant.fault] != nil, "\(end.phase) \(end.reason) \(move.book.faults)")
        await move.stop()
    }

    @Test("sees a move through whose snapshot is lost while it copies: the copy begins anew, in an emptied target")
    func begunAnew() async throws {
        let once = Once()
        let move = try await CheckedMove(planted: { databases, store in
            PlantedSource(
                store,
                before: [
                    .copyDigests: { _ in
                        guard once.first() else { return }
                        _ = try? await databases.atSource(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name LIKE '% snapshot'
                            """)
                    }
                ])
        })
        let end = try await move.run()
        #expect(end.phase == .committed && end.attempt == 2, "\(end.phase) \(end.reason)")
        #expect(move.book.faults == [:])
        await move.stop()
    }

    private static func source(_ plant: Plant, _ databases: TwoDatabases, _ store: any SourceStore) -> any SourceStore {
        switch plant {
        case .drainSkipped, .silentNodePassedOver: store
        case .fenceWithoutLock: PlantedSource(store, after: [.prepare: { _ in await unlock(databases) }])
        case .positionBeforeFence: PlantedSource(store, raisesFenceLate: true)
        case .purgeBeforeCommit: PlantedSource(store, after: [.raiseFence: { _ in await purge(databases) }])
        }
    }

    /// The fence's function looks at the gate, and locks nothing.
    private static func unlock(_ databases: TwoDatabases) async {
        _ = try? await databases.atSource(
            """
            DO $$ DECLARE text text; BEGIN
                FOR text IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p
                    WHERE p.pronamespace = 'residency'::regnamespace AND p.proname LIKE 'fence%'
                LOOP EXECUTE replace(text, ' FOR SHARE', ''); END LOOP;
            END $$
            """)
    }

    /// The rows go while it is not decided that the tenant leaves.
    private static func purge(_ databases: TwoDatabases) async {
        _ = try? await databases.atSource(
            """
            SELECT set_config('residency.mover', mark, false) FROM residency.move;
            DELETE FROM note WHERE client_key = 'X'
            """)
    }
}
