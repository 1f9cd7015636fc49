import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

/// The mover's role owns the app's tables, and may do no more: triggers fire and foreign keys are checked for what it
/// brings. One after the other: the server takes one change of a parameter's rights at a time.
@Suite("A mover that may not set session_replication_role", .serialized)
struct OrdinaryRoleTests {
    private func databases(
        _ schema: String, _ change: (inout PostgresStoreSettings) -> Void = { _ in }
    ) async throws -> TwoDatabases {
        let role = "m\(TenantID.random().description.prefix(12))"
        let cluster = try await PostgresCluster.sharedForDecoding()
        try await cluster.sql("CREATE ROLE \(role) LOGIN REPLICATION PASSWORD '\(PostgresCluster.password)'")
        let databases = try await TwoDatabases(
            "GRANT ALL ON SCHEMA public TO \(role); SET ROLE \(role); \(schema)", user: role, change)
        for database in [databases.source, databases.target] {
            try await cluster.sql("GRANT CREATE ON DATABASE \(database) TO \(role)")
        }
        return databases
    }

    private func blockers(_ databases: TwoDatabases, _ mode: MoveMode) async throws -> Set<String> {
        let move = try TestMove(databases, mode: mode)
        let source = try await move.source.survey(move.ticket, mode: mode).blockers
        return Set((source + (try await move.target.survey(move.ticket, mode: mode).blockers)).map(\.code))
    }

    static let plain = """
        CREATE TABLE installation (client_key text PRIMARY KEY, enabled boolean NOT NULL DEFAULT true);
        CREATE TABLE note (client_key text NOT NULL REFERENCES installation, id bigint NOT NULL, body text,
            PRIMARY KEY (client_key, id));
        CREATE TABLE remark (client_key text NOT NULL, note bigint NOT NULL, id bigint, PRIMARY KEY (client_key, id),
            FOREIGN KEY (client_key, note) REFERENCES note)
        """

    @Test(
        "moves what refers to each other in order, follows it, proves it, and switches on", arguments: MoveMode.allCases
    )
    func moves(mode: MoveMode) async throws {
        let databases = try await databases(Self.plain) { settings in
            settings.activating = ["installation"]
            settings.offStates = ["installation": [PostgresOffColumn(column: "enabled", value: "false")]]
        }
        try await databases.atSource(
            """
            INSERT INTO installation VALUES ('X'), ('Y');
            INSERT INTO note SELECT k, n, 'note' FROM generate_series(1, 20) n, unnest(ARRAY['X', 'Y']) k;
            INSERT INTO remark SELECT 'X', n, n FROM generate_series(1, 20) n
            """)
        let move = try TestMove(databases, mode: mode)
        #expect(try await blockers(databases, mode) == [])
        #expect(try await move.target.side.facts().mayReplay == false)
        try await move.prepare()
        if mode == .offline { try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30)) }
        try await move.copy()
        #expect(try await move.compareCopy() == [])
        if mode == .live {
            try await databases.atSource(
                """
                BEGIN; INSERT INTO note VALUES ('X', 21, 'new'); INSERT INTO remark VALUES ('X', 21, 21); COMMIT;
                DELETE FROM remark WHERE id < 5; DELETE FROM note WHERE client_key = 'X' AND id < 5;
                UPDATE note SET body = 'changed' WHERE client_key = 'X' AND id = 7
                """)
            try await move.followAll()
            try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30))
            try await move.followAll()
        }
        try await move.copy(inPause: true)
        #expect(try await move.compareAll() == [])
        #expect(try await databases.atTarget("SELECT enabled FROM installation") == "f")
        try await move.commit()
        #expect(try await databases.atTarget("SELECT enabled FROM installation") == "t")
        let standing = try #require(try await move.target.standing(move.ticket))
        #expect(standing.doubt == nil && standing.claim.state == .open)
        try await move.source.retire(move.ticket)
        #expect(try await databases.atSource("SELECT client_key FROM installation WHERE enabled") == "Y")
        try await move.purge()
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await databases.leftovers(in: databases.target) == "")
        let left = "SELECT count(*) FROM note WHERE client_key = 'X'"
        #expect(try await databases.atSource(left) == "0")
        #expect(try await databases.atTarget(left) == (mode == .live ? "17" : "20"))
    }

    /// What such a role cannot bring as it was, each named with what would mend it.
    @Test(
        "names what it could not bring as it was",
        arguments: [
            (
                "CREATE TABLE note (client_key text PRIMARY KEY); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
                    + "'BEGIN RETURN NEW; END'; CREATE TRIGGER audit BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION f()",
                "target-trigger"
            ),
            (
                "CREATE TABLE note (client_key text, id int, parent int, PRIMARY KEY (client_key, id), "
                    + "FOREIGN KEY (client_key, parent) REFERENCES note)", "circular-keys"
            ),
            (
                "CREATE TABLE installation (client_key text PRIMARY KEY); CREATE TABLE note (client_key text PRIMARY KEY "
                    + "REFERENCES installation)", "activating-parent"
            ),
            (
                "CREATE TABLE note (client_key text PRIMARY KEY); CREATE TABLE remark (client_key text PRIMARY KEY "
                    + "REFERENCES note ON DELETE CASCADE)", "cascading-key"
            ),
            (
                "CREATE TABLE note (client_key text, id int PRIMARY KEY); CREATE TABLE remark (client_key text, id int, "
                    + "note int REFERENCES note, PRIMARY KEY (client_key, id))", "late-parent"
            ),
        ])
    func blocked(schema: String, code: String) async throws {
        let databases = try await databases(schema) { $0.activating = ["installation"] }
        #expect(try await blockers(databases, .live) == [code])
        let move = try TestMove(databases, mode: .live)
        let remedies = try await move.target.survey(move.ticket, mode: .live).blockers.map(\.remedy)
        #expect(remedies.allSatisfy { $0.hasPrefix("GRANT SET ON PARAMETER session_replication_role TO") })
        // With the right to, none of it stands in the way.
        let role = try await move.target.side.facts().role
        try await databases.cluster.sql("GRANT SET ON PARAMETER session_replication_role TO \(role)")
        #expect(try await blockers(databases, .live) == [])
    }

    @Test("is told which rights its role lacks, each with the statement that gives it")
    func privileges() async throws {
        let databases = try await databases(Self.plain)
        let (source, move) = (databases.source, try TestMove(databases, mode: .live))
        let role = try await move.source.side.facts().role
        let cluster = databases.cluster
        try await cluster.sql("REVOKE CREATE ON DATABASE \(source) FROM \(role)")
        try await cluster.sql("ALTER ROLE \(role) NOREPLICATION")
        try await cluster.sql("ALTER TABLE note OWNER TO \(PostgresCluster.user)", in: source)
        let found = try await move.source.survey(move.ticket, mode: .live).blockers
        #expect(Set(found.map(\.code)) == ["no-create", "no-replication", "not-owner"])
        for remedy in found.map(\.remedy) { try await cluster.sql(remedy, in: source) }
        try await cluster.sql("REVOKE \(PostgresCluster.user) FROM \(role)")
        #expect(try await move.source.survey(move.ticket, mode: .live).blockers.map(\.code) == ["not-owner"])
    }
}
