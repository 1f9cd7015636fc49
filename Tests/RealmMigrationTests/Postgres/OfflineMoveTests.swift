import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("An offline move between two PostgreSQL databases")
struct OfflineMoveTests {
    static let schema = """
        CREATE TABLE plan (id int PRIMARY KEY, name text);
        CREATE TABLE installation (client_key text PRIMARY KEY, secret text NOT NULL);
        CREATE TABLE issue (client_key text NOT NULL REFERENCES installation, id bigint GENERATED ALWAYS AS IDENTITY,
            parent bigint, title text, plan int REFERENCES plan, PRIMARY KEY (client_key, id),
            FOREIGN KEY (client_key, parent) REFERENCES issue);
        CREATE TABLE remark (id bigserial PRIMARY KEY, issue_key text NOT NULL, issue bigint NOT NULL, body text,
            FOREIGN KEY (issue_key, issue) REFERENCES issue);
        INSERT INTO plan VALUES (1, 'free')
        """
    static let rows = """
        INSERT INTO installation VALUES ('X', 's3cret'), ('Y', 'other');
        INSERT INTO issue (client_key, title, plan) SELECT 'X', 'issue ' || n, 1 FROM generate_series(1, 40) n;
        UPDATE issue SET parent = id - 1 WHERE id > 1;
        INSERT INTO issue (client_key, title) VALUES ('Y', 'theirs');
        INSERT INTO remark (issue_key, issue, body) SELECT 'X', n, 'remark' FROM generate_series(1, 40) n;
        INSERT INTO remark (issue_key, issue, body) SELECT client_key, id, 'theirs' FROM issue WHERE client_key = 'Y'
        """

    private func databases(_ change: (inout PostgresStoreSettings) -> Void = { _ in }) async throws -> TwoDatabases {
        let databases = try await TwoDatabases(Self.schema) { settings in
            var remark = PostgresTableSettings(name: "remark")
            remark.path = ["remark_issue_key_issue_fkey"]
            settings.tables = ["installation", "issue"].map { name in
                var table = PostgresTableSettings(name: name)
                table.tenantColumn = "client_key"
                return table
            }
            settings.tables.append(remark)
            settings.activating = ["installation"]
            change(&settings)
        }
        try await databases.atSource(Self.rows)
        return databases
    }

    private static let contents = """
        SELECT string_agg(t::text, ';' ORDER BY t::text) FROM (SELECT i::text AS t FROM installation i
        WHERE client_key = 'X' UNION ALL SELECT i::text FROM issue i WHERE client_key = 'X'
        UNION ALL SELECT r::text FROM remark r WHERE issue_key = 'X') t
        """

    @Test("is blocked where the sides store different things, which are named, each with the side that has it")
    func differentSchemas() async throws {
        let databases = try await databases()
        try await databases.atTarget("ALTER TABLE remark ADD COLUMN colour text NOT NULL DEFAULT 'red'")
        let move = try TestMove(databases, mode: .offline)
        var report = MigrationPlanReport(mode: .offline)
        report.add(
            "app", source: try await move.source.survey(move.ticket, mode: .offline),
            target: try await move.target.survey(move.ticket, mode: .offline), isShared: false)
        let blocker = try #require(report.blockers.first { $0.code == "schema-differs" })
        #expect(blocker.message.hasSuffix("In the target alone: public.remark: column colour text not null."))
    }

    @Test("brings every row, proves it, switches, purges, and leaves nothing of its own behind")
    func wholeMove() async throws {
        let databases = try await databases()
        let before = try await databases.atSource(Self.contents)
        let move = try TestMove(databases, mode: .offline)
        #expect(try await move.source.survey(move.ticket, mode: .offline).blockers == [])
        let survey = try await move.target.survey(move.ticket, mode: .offline)
        #expect(survey.blockers == [])
        #expect(try await move.source.survey(move.ticket, mode: .offline).schemaFingerprint == survey.schemaFingerprint)
        try await move.runOffline()
        #expect(try await move.compareCopy() == [])
        #expect(try await move.compareAll() == [])
        // What makes the app act for the tenant is not there before the switch (H42).
        #expect(try await databases.atTarget("SELECT count(*) FROM installation") == "0")
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await databases.atTarget("INSERT INTO installation VALUES ('X', 'an early job')")
        }
        try await move.commit()
        #expect(try await databases.atTarget(Self.contents) == before)
        // The target goes on where the source was, past its own margin.
        try await databases.atTarget("INSERT INTO issue (client_key, title) VALUES ('X', 'new')")
        #expect(try await databases.atTarget("SELECT max(id) > 1000 FROM issue") == "t")
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await databases.atSource("UPDATE issue SET title = 'stray' WHERE client_key = 'X'")
        }
        try await move.purge()
        #expect(try await move.source.purge(move.ticket, limit: 7) == 0)
        #expect(try await databases.atSource(Self.contents) == "")
        #expect(try await databases.atSource("SELECT count(*) FROM remark") == "1")
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await databases.leftovers(in: databases.target) == "")
        let rows = "SELECT state, epoch, migration FROM residency.tenant"
        #expect(try await databases.atSource(rows) == "moved|8|")
        #expect(try await databases.atTarget(rows) == "open|9|")
    }

    @Test(
        "finds a difference wherever it was planted, and names it by table and key",
        arguments: [
            ("changed", "UPDATE issue SET title = 'planted' WHERE id = 7", StoreDifference.Kind.changed),
            ("missing", "DELETE FROM remark WHERE issue = 7; DELETE FROM issue WHERE id = 7", .missing),
            ("extra", "INSERT INTO issue OVERRIDING SYSTEM VALUE VALUES ('X', 77, NULL, 'planted', NULL)", .extra),
        ])
    func planted(name: String, statement: String, kind: StoreDifference.Kind) async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .offline)
        try await move.runOffline()
        // Past every trigger, as only an owner can.
        try await databases.atTarget(
            "SET session_replication_role = replica; ALTER TABLE issue DISABLE TRIGGER ALL; "
                + "ALTER TABLE remark DISABLE TRIGGER ALL; \(statement)")
        let found = try await move.compareAll()
        let key = kind == .extra ? "[\"X\", \"77\"]" : "[\"X\", \"7\"]"
        #expect(found.contains(StoreDifference(table: "public.issue", key: key, kind: kind)))
        // What refers to a missing row is named, too.
        #expect(found.filter { $0.table == "public.issue" && !$0.key.contains(" by ") }.count == 1)
    }

    @Test("is cancelled at any time before the decision, and leaves both sides as they were")
    func cancelled() async throws {
        let databases = try await databases()
        let before = try await databases.atSource(Self.contents)
        for stop in 0..<4 {
            let move = try TestMove(
                databases, .sample(migration: "cancelled \(stop)", generation: Int64(10 + stop)), mode: .offline)
            if stop == 0 {
                _ = try await move.source.claim(move.ticket)
                _ = try await move.target.claim(move.ticket)
            } else {
                try await move.prepare()
            }
            if stop > 1 { try await move.source.raiseFence(move.ticket, epoch: Int64(10 * stop), within: .seconds(30)) }
            if stop > 2 { try await move.copy() }
            try await move.target.cleanUp(move.ticket)
            try await move.source.cleanUp(move.ticket)
            // Asked again, the answer is the same.
            try await move.target.cleanUp(move.ticket)
            try await move.source.cleanUp(move.ticket)
            #expect(try await databases.atSource(Self.contents) == before)
            #expect(try await databases.atTarget(Self.contents) == "")
            #expect(try await databases.leftovers(in: databases.source) == "")
            #expect(try await databases.leftovers(in: databases.target) == "")
            try await databases.atSource("UPDATE issue SET title = title WHERE client_key = 'X'")
        }
    }

    @Test("does not touch a tenant that lives in the target already")
    func present() async throws {
        let databases = try await databases()
        try await databases.atTarget("INSERT INTO installation VALUES ('X', 'lives here')")
        let move = try TestMove(databases, mode: .offline)
        let survey = try await move.target.survey(move.ticket, mode: .offline)
        #expect(survey.blockers.map(\.code) == ["rows-in-target"])
        let error = await #expect(throws: MigrationError.self) { try await move.prepare() }
        #expect(error?.code == .blocked)
        try await move.target.cleanUp(move.ticket)
        try await databases.atTarget("UPDATE installation SET secret = 'and works' WHERE client_key = 'X'")
        #expect(try await databases.leftovers(in: databases.target) == "")
    }

    @Test("begins anew with an emptied target, and applies a batch once however often it is sent")
    func attempts() async throws {
        let databases = try await databases()
        var move = try TestMove(databases, mode: .offline)
        try await move.runOffline()
        let old = try await move.source.copyBatch(move.ticket, lane: "public.remark", after: "end 40")
        #expect(old.rows == 0 && old.isLast)
        move.ticket.attempt = 2
        try await move.prepare()
        #expect(try await databases.atTarget("SELECT count(*) FROM remark") == "0")
        let first = try await move.source.copyBatch(move.ticket, lane: "public.installation", after: "")
        #expect(try await move.source.copyBatch(move.ticket, lane: "public.installation", after: "") == first)
        #expect(try await move.target.apply(move.ticket, first) == first.after)
        #expect(try await move.target.apply(move.ticket, first) == first.after)
        var older = move.ticket
        older.attempt = 1
        await #expect(throws: MigrationError.self) { try await move.target.apply(older, first) }
        try await move.copy()
        try await move.copy(inPause: true)
        #expect(try await move.compareAll() == [])
        // A process that was started anew has no stream to go on with.
        let other = try databases.sourceStore()
        let error = await #expect(throws: MigrationError.self) {
            try await other.copyBatch(move.ticket, lane: "public.remark", after: "3")
        }
        #expect(error?.code == .mustRestart)
    }

    @Test("stops at a key that is another tenant's in the target, and names it")
    func collision() async throws {
        let databases = try await databases()
        try await databases.atTarget(
            """
            INSERT INTO installation VALUES ('Y', 'other');
            INSERT INTO issue (client_key, title) VALUES ('Y', 'theirs');
            INSERT INTO remark (issue_key, issue) SELECT client_key, id FROM issue
            """)
        let move = try TestMove(databases, mode: .offline)
        let warned = try await move.source.survey(move.ticket, mode: .offline).warnings.map(\.code)
        #expect(warned.contains("key-without-tenant"))
        let error = await #expect(throws: MigrationError.self) { try await move.runOffline() }
        #expect(error?.code == .differs)
        #expect(error?.description.contains("remark") == true && error?.description.contains("(1)") == true)
        try await move.target.cleanUp(move.ticket)
        #expect(try await databases.atTarget("SELECT count(*) FROM remark") == "1")
    }

    @Test("a store's leftovers are found by directory, and another directory's are left alone")
    func leftovers() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        let found = try await move.source.side.leftovers(directory: move.ticket.directory)
        #expect(found.map(\.migration) == [move.ticket.migration])
        let kinds = Set(found.first?.objects.compactMap { $0.split(separator: " ").first } ?? [])
        #expect(kinds == ["slot", "publication", "triggers", "table"])
        #expect(try await move.source.side.leftovers(directory: "another") == [])
        let leftover = try #require(found.first)
        await #expect(throws: MigrationError.self) {
            try await move.source.side.remove(leftover, directory: "another")
        }
        try await move.source.side.remove(leftover, directory: move.ticket.directory)
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await move.source.side.leftovers(directory: move.ticket.directory) == [])
    }
}
