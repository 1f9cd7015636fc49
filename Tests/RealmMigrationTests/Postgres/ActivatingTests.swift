import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

/// Rows that make the app act for a tenant (H11, H42).
@Suite("Rows that make an app act for a tenant")
struct ActivatingTests {
    static let schema = """
        CREATE TABLE installation (client_key text PRIMARY KEY, enabled boolean NOT NULL, secret text);
        CREATE TABLE feature (client_key text PRIMARY KEY, name text);
        CREATE TABLE note (client_key text NOT NULL REFERENCES installation ON DELETE CASCADE, id bigint NOT NULL,
            body text, PRIMARY KEY (client_key, id))
        """
    static let rows = """
        INSERT INTO installation VALUES ('X', true, 'one'), ('Y', true, 'other');
        INSERT INTO feature VALUES ('X', 'digest'), ('Y', 'digest');
        INSERT INTO note SELECT k, n, 'note' FROM generate_series(1, 20) n, unnest(ARRAY['X', 'Y']) k
        """
    /// What the app's job looks for.
    static let active = """
        SELECT string_agg(i.client_key || f.name, ' ' ORDER BY 1) FROM installation i
        LEFT JOIN feature f USING (client_key) WHERE i.enabled
        """

    private func databases() async throws -> TwoDatabases {
        let databases = try await TwoDatabases(Self.schema) { settings in
            settings.activating = ["installation", "feature"]
            settings.offStates = ["installation": [PostgresOffColumn(column: "enabled", value: "false")]]
        }
        try await databases.atSource(Self.rows)
        return databases
    }

    @Test(
        "arrive switched off or not at all, follow what is changed, and are switched on by the transaction that opens",
        arguments: MoveMode.allCases)
    func arrive(mode: MoveMode) async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: mode)
        #expect(try await move.target.survey(move.ticket, mode: mode).blockers == [])
        try await move.prepare()
        if mode == .offline { try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30)) }
        try await move.copy()
        #expect(try await move.compareCopy() == [])
        // The parent is there, for those that refer to it, and nobody acts by it.
        #expect(try await databases.atTarget("SELECT enabled, secret FROM installation") == "f|one")
        #expect(try await databases.atTarget(Self.active) == "")
        if mode == .live {
            try await databases.atSource(
                "UPDATE installation SET secret = 'two', enabled = true WHERE client_key = 'X'")
            try await move.followAll()
            #expect(try await databases.atTarget("SELECT enabled, secret FROM installation") == "f|two")
            try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30))
            try await move.followAll()
        }
        try await move.copy(inPause: true)
        #expect(try await move.compareAll() == [])
        #expect(try await databases.atTarget(Self.active) == "")
        // Given up, and once more.
        _ = try await move.target.seal(move.ticket, epoch: 8)
        try await move.target.unseal(move.ticket)
        #expect(try await databases.atTarget(Self.active) == "")
        try await move.copy(inPause: true)
        try await move.commit()
        #expect(try await databases.atTarget(Self.active) == "Xdigest")
        let secret = mode == .live ? "two" : "one"
        #expect(try await databases.atTarget("SELECT enabled, secret FROM installation") == "t|\(secret)")
    }

    @Test("leave the source when no request can need them any more, and the purge leaves nothing of them behind")
    func retire() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .offline)
        try await move.runOffline()
        await #expect(throws: MigrationError.self) { try await move.source.retire(move.ticket) }
        try await move.commit()
        #expect(try await databases.atSource(Self.active) == "Xdigest Ydigest")
        for _ in 0..<2 { try await move.source.retire(move.ticket) }
        #expect(try await databases.atSource(Self.active) == "Ydigest")
        // What refers to the parent is still there.
        #expect(try await databases.atSource("SELECT count(*) FROM note WHERE client_key = 'X'") == "20")
        let kept = "SELECT count(*) FROM pg_class WHERE relname LIKE 'kept_%' AND relkind = 'r'"
        #expect(try await databases.atSource(kept) == "2")
        try await move.purge()
        #expect(try await databases.atSource("SELECT count(*) FROM note") == "20")
        #expect(try await databases.atSource(kept) == "0")
        try await move.source.retire(move.ticket)
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await databases.leftovers(in: databases.target) == "")
    }
}
