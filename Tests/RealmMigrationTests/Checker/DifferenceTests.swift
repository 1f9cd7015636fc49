import RealmMigration
import TenantDirectory
import TestSupport
import Testing

@Suite("A difference between both sides of a move", .serialized, .timeLimit(.minutes(5)))
struct DifferenceTests {
    /// Every phase in which there is a copy and no switch.
    static let phases = MigrationPhase.allCases.filter(\.isBeforeSwitch)
        .filter { ![.scheduled, .preparing].contains($0) }

    @Test("is found and named, and nothing is switched", arguments: phases, [true, false])
    func planted(_ phase: MigrationPhase, atTarget: Bool) async throws {
        let once = Once()
        let plant: @Sendable (TwoDatabases) async -> Void = { databases in
            guard once.first() else { return }
            await Self.plant(databases, atTarget: atTarget)
        }
        let isPaused = Flag()
        let move = try await CheckedMove(planted: { databases, store in
            let here: PlantedSource.Hook = { _ in await plant(databases) }
            switch phase {
            case .copying: return PlantedSource(store, before: [.copyDigests: here])
            case .catchingUp: return PlantedSource(store, before: [.mark: here])
            case .cuttingOver:
                // When the marker has arrived, and nothing more will follow.
                return PlantedSource(
                    store, before: [.changedKeys: { _ in if isPaused.isSet { await plant(databases) } }],
                    after: [.raiseFence: { _ in isPaused.set() }])
            default: return store
            }
        })
        let record = try await move.order(.manual)
        let ready = try await move.reached(record.id, [.ready])
        if !ready.phase.isOver {
            if phase == .ready { await plant(move.databases) }
            _ = try await move.desk.commit(record.id, actor: "test")
        }
        let end = try await move.reached(record.id, [.committed])
        #expect(end.phase == .rolledBack, "\(end.phase) \(end.reason)")
        // As many as are planted.
        let kinds = atTarget ? ["changed", "missing", "extra"] : ["changed", "extra", "missing"]
        for (key, kind) in zip(["3", "5", "900000"], kinds) {
            #expect(end.reason.contains("note") && end.reason.contains("\"\(key)\"] is \(kind)"), "\(end.reason)")
        }
        #expect(try #require(try await move.store.tenant(.id(move.tenant))).placement.region == .sampleSource)
        await move.stop()
    }

    @Test("cannot be made by a job that writes as jobs do: refused where the tenant arrives, followed where it leaves")
    func job() async throws {
        let move = try await CheckedMove()
        let record = try await move.order(.manual)
        _ = try await move.reached(record.id, [.ready])
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await move.databases.atTarget("UPDATE note SET body = 'of a job' WHERE client_key = 'X' AND id = 3")
        }
        try await move.databases.atSource("UPDATE note SET body = 'of a job' WHERE client_key = 'X' AND id = 3")
        _ = try await move.desk.commit(record.id, actor: "test")
        let end = try await move.reached(record.id, [.committed])
        #expect(end.phase == .committed, "\(end.reason)")
        let note = "SELECT body FROM note WHERE client_key = 'X' AND id = 3"
        #expect(try await move.databases.atTarget(note) == "of a job")
        await move.stop()
    }

    /// Changes a row, deletes one and adds one, past what refuses such changes or tells of them.
    private static func plant(_ databases: TwoDatabases, atTarget: Bool) async {
        let changes = """
            ALTER TABLE note DISABLE TRIGGER ALL; UPDATE note SET body = 'of a job' WHERE client_key = 'X' AND id = 3;
            DELETE FROM note WHERE client_key = 'X' AND id = 5;
            INSERT INTO note (client_key, id, body) VALUES ('X', 900000, 'of a job');
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'note'::regclass AND NOT tgisinternal
                LOOP EXECUTE format('ALTER TABLE note ENABLE ALWAYS TRIGGER %I', name); END LOOP;
            END $$
            """
        if atTarget {
            _ = try? await databases.atTarget(changes)
        } else {
            // In transactions of their own: the log is read by what was published when each was committed.
            let name = (try? await databases.atSource("SELECT pubname FROM pg_publication")) ?? ""
            _ = try? await databases.atSource("ALTER PUBLICATION \"\(name)\" DROP TABLE note")
            _ = try? await databases.atSource(changes)
            _ = try? await databases.atSource(
                "ALTER PUBLICATION \"\(name)\" ADD TABLE note WHERE (client_key = 'X')")
        }
    }
}
