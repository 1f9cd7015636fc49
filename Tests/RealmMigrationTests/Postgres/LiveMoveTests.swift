import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("A live move between two PostgreSQL databases")
struct LiveMoveTests {
    static let schema = """
        CREATE TABLE installation (client_key text PRIMARY KEY, secret text NOT NULL);
        CREATE TABLE note (client_key text NOT NULL, id bigint NOT NULL, body text, big text,
            PRIMARY KEY (client_key, id));
        ALTER TABLE note ALTER big SET STORAGE EXTERNAL;
        CREATE TABLE entry (client_key text, what text, at timestamptz DEFAULT now());
        ALTER TABLE entry REPLICA IDENTITY FULL;
        CREATE TABLE small (id bigserial PRIMARY KEY, client_key text NOT NULL, what text)
        """

    private func databases(rows: Int = 200) async throws -> TwoDatabases {
        let databases = try await TwoDatabases(Self.schema) { $0.activating = ["installation"] }
        try await databases.atSource(
            """
            INSERT INTO installation VALUES ('X', 's3cret'), ('Y', 'other');
            INSERT INTO note SELECT k, n, 'note ' || n, repeat(md5(n::text), 200) FROM generate_series(1, \(rows)) n,
                (VALUES ('X'), ('Y')) t(k);
            INSERT INTO entry SELECT 'X', 'entry ' || n FROM generate_series(1, 20) n;
            INSERT INTO small (client_key, what) VALUES ('X', 'one'), ('Y', 'two')
            """)
        return databases
    }

    private static let contents = """
        SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM (SELECT i::text AS t FROM installation i
        WHERE client_key = 'X' UNION ALL SELECT i::text FROM note i WHERE client_key = 'X'
        UNION ALL SELECT e::text FROM entry e WHERE client_key = 'X'
        UNION ALL SELECT s::text FROM small s WHERE client_key = 'X') t
        """

    /// From the gate on: fence, marker, the rest, comparison, decision.
    private func cutOver(_ move: TestMove, epoch: Int64 = 8) async throws -> [StoreDifference] {
        try await move.source.raiseFence(move.ticket, epoch: epoch, within: .seconds(30))
        let marker = try await move.source.mark(move.ticket)
        try await move.follow(marker: marker)
        try await move.copy(inPause: true)
        let changed = try await move.source.changedKeys(move.ticket)
        let found = try await move.compare(changed) + move.compareAll()
        guard found.isEmpty else { return found }
        try await move.commit(epoch: epoch)
        return []
    }

    @Test("copies the lanes of the pause anew where a cutover was given up after they had arrived")
    func givenUp() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        try await move.copy()
        try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30))
        try await move.follow(marker: try await move.source.mark(move.ticket))
        try await move.copy(inPause: true)
        _ = try await move.target.seal(move.ticket, epoch: 8)
        #expect(try await move.source.decide(move.ticket, epoch: 8, .open) == .open)
        for _ in 1...2 { try await move.target.unseal(move.ticket) }
        try await databases.atSource(
            """
            UPDATE installation SET secret = 'rotated' WHERE client_key = 'X';
            DELETE FROM small WHERE client_key = 'X';
            INSERT INTO small (client_key, what) VALUES ('X', 'three'), ('X', 'four')
            """)
        let before = try await databases.atSource(Self.contents)
        #expect(try await cutOver(move, epoch: 10) == [])
        #expect(try await databases.atTarget(Self.contents) == before)
    }

    @Test("loses and doubles nothing of what writers were told is written, while they write all along")
    func writers() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        #expect(try await move.source.survey(move.ticket, mode: .live).blockers == [])
        try await move.prepare()
        let acknowledged = try await withThrowingTaskGroup(of: [String].self) { group in
            for writer in 0..<6 {
                let session = try await databases.appSession(at: databases.source)
                group.addTask { try await Self.write(session, writer) }
            }
            try await move.copy()
            #expect(try await move.compareCopy() == [])
            // Writers go on until the fence stops them; each has got far into the changes.
            let many = "SELECT min(n) > 40 FROM (SELECT count(*) n FROM note WHERE body LIKE 'w%' GROUP BY body) t"
            while try await databases.atSource(many) != "t" { try await move.follow() }
            #expect(try await move.source.lag(move.ticket).bytes >= 0)
            // What has changed meanwhile may change again before it is compared: only the pause is exact.
            _ = try await move.compare(try await move.source.changedKeys(move.ticket))
            #expect(try await self.cutOver(move) == [])
            var all: [String] = []
            for try await mine in group { all += mine }
            return all
        }
        #expect(Set(acknowledged).count == acknowledged.count)
        let there = try await databases.atTarget("SELECT id FROM note WHERE id > 1000").split(separator: "\n")
        #expect(there.sorted() == acknowledged.map { $0[...] }.sorted())
        let (left, arrived) = (try await databases.atSource(Self.contents), try await databases.atTarget(Self.contents))
        #expect(left == arrived)
        #expect(try await databases.atTarget("SELECT count(*) FROM note WHERE client_key = 'Y'") == "0")
        try await move.source.finish(move.ticket)
        let slots = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
        #expect(try await databases.atSource(slots) == "0")
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await databases.atSource("DELETE FROM note WHERE client_key = 'X'")
        }
        try await move.purge(limit: 1_000)
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await databases.leftovers(in: databases.target) == "")
        #expect(try await databases.atSource("SELECT count(*) FROM note WHERE client_key = 'Y' AND id <= 200") == "200")
    }

    /// Inserts, changes and deletes until it is refused.
    /// - Returns: what it was told is there.
    private static func write(_ session: PostgresSession, _ writer: Int) async throws -> [String] {
        var there: [String] = []
        for count in 0..<20_000 {
            let id = 1_000_000 * (writer + 1) + count
            do throws(PostgresSessionError) {
                try await session.run(
                    """
                    BEGIN; INSERT INTO note VALUES ('X', \(id), 'w\(writer)', repeat('x', 3000));
                    UPDATE note SET body = 'changed' WHERE client_key = 'X' AND id = \(1 + id % 200);
                    INSERT INTO note VALUES ('Y', \(id), 'theirs', NULL); COMMIT
                    """)
                there.append("\(id)")
                guard count % 5 == 4, let last = there.last else { continue }
                try await session.run("DELETE FROM note WHERE client_key = 'X' AND id = \(last)")
                there.removeLast()
            } catch {
                guard error.sqlState == FenceStatements.refusal else { throw error }
                break
            }
        }
        await session.close()
        return there
    }

    @Test("follows rows that come and go, keys that change, large values that do not, TRUNCATE, and rows without a key")
    func kinds() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        try await move.copy()
        #expect(try await move.compareCopy() == [])
        try await databases.atSource(
            """
            UPDATE note SET body = 'large unchanged' WHERE id = 1;
            UPDATE note SET id = id + 5000 WHERE id IN (2, 3);
            UPDATE note SET client_key = 'Z' WHERE client_key = 'X' AND id = 4;
            UPDATE note SET body = NULL, big = NULL WHERE id = 5;
            DELETE FROM note WHERE id = 6;
            INSERT INTO note VALUES ('X', 9000, E'quote '' backslash \\\\ tab \\t \\u00e9', repeat('y', 5000));
            UPDATE entry SET what = 'changed' WHERE what = 'entry 3';
            DELETE FROM entry WHERE what = 'entry 4';
            INSERT INTO entry VALUES ('X', 'twin', '2026-01-01'), ('X', 'twin', '2026-01-01');
            DELETE FROM entry WHERE ctid = (SELECT ctid FROM entry WHERE what = 'twin' LIMIT 1);
            UPDATE entry SET client_key = 'X' WHERE false
            """)
        try await databases.atSource("BEGIN; INSERT INTO note VALUES ('X', 9001, 'undone', ''); ROLLBACK")
        try await move.followAll()
        #expect(try await move.compare(try await move.source.changedKeys(move.ticket)) == [])
        try await databases.atSource("TRUNCATE entry; INSERT INTO entry VALUES ('X', 'after'), ('Y', 'after')")
        try await databases.atTarget("INSERT INTO entry VALUES ('Q', 'lives here')")
        #expect(try await cutOver(move) == [])
        let (left, arrived) = (try await databases.atSource(Self.contents), try await databases.atTarget(Self.contents))
        #expect(left == arrived)
        #expect(try await databases.atTarget("SELECT count(*) FROM entry WHERE client_key = 'Q'") == "1")
    }

    @Test("takes a large transaction in parts, and goes on in its middle after the stream was lost")
    func large() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        try await move.copy()
        try await databases.atSource(
            "INSERT INTO note SELECT 'X', n, 'large', repeat('z', 2000) FROM generate_series(10000, 12000) n")
        let marker = try await move.source.mark(move.ticket)
        var batches = 0
        var isLast = false
        var other = move.source
        while !isLast {
            let cursor = try await move.target.cursors(move.ticket)[StoreBatch.changesLane] ?? ""
            guard
                let batch = try await other.changes(
                    move.ticket, after: cursor, marker: marker, wait: .milliseconds(500))
            else { continue }
            _ = try await move.target.apply(move.ticket, batch)
            // A reply that was lost: the same is asked for and sent again.
            #expect(try await move.target.apply(move.ticket, batch) == batch.after)
            try await other.confirm(move.ticket, cursor: batch.after)
            batches += 1
            isLast = batch.isLast
            // Another process takes over.
            if batches == 2 { other = try databases.sourceStore() }
        }
        #expect(batches >= 4)
        #expect(try await databases.atTarget("SELECT count(*) FROM note WHERE body = 'large'") == "2001")
        let whole = try await other.changedKeys(move.ticket)
        #expect(whole.allSatisfy { $0.keys == nil } && !whole.isEmpty)
        #expect(try await move.compare(whole) == [])
    }

    @Test("begins anew where the slot is past the target's cursor, or gone")
    func lostSlot() async throws {
        let databases = try await databases()
        var move = try TestMove(databases, mode: .live)
        try await move.prepare()
        try await move.copy()
        try await databases.atSource("UPDATE note SET body = 'one' WHERE id = 1")
        try await move.followAll()
        let old = try await move.target.cursors(move.ticket)[StoreBatch.changesLane] ?? ""
        #expect(!old.isEmpty)
        // The target goes back to before what it has confirmed.
        let slot = StoreNames(move.ticket).slot
        while try await databases.atSource(
            "SELECT confirmed_flush_lsn >= '\(old)' FROM pg_replication_slots WHERE slot_name = '\(slot)'") != "t"
        {}
        let other = try databases.sourceStore()
        let error = await #expect(throws: MigrationError.self) {
            try await other.changes(move.ticket, after: "", marker: nil, wait: .zero)
        }
        #expect(error?.code == .mustRestart)
        move.ticket.attempt = 2
        try await move.prepare()
        try await move.copy()
        #expect(try await move.compareCopy() == [])
        #expect(try await cutOver(move) == [])
    }

    @Test("a change that does not meet its row stops the move, and a difference behind its back is found")
    func strict() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        try await move.copy()
        let past = "SET session_replication_role = replica; ALTER TABLE note DISABLE TRIGGER ALL; "
        try await databases.atTarget(past + "DELETE FROM note WHERE id = 9; UPDATE note SET body = '?' WHERE id = 10")
        let found = try await move.compareCopy().sorted { $0.key < $1.key }
        #expect(
            found == [
                StoreDifference(table: "public.note", key: "[\"X\", \"10\"]", kind: .changed),
                StoreDifference(table: "public.note", key: "[\"X\", \"9\"]", kind: .missing),
            ])
        try await databases.atSource("UPDATE note SET body = 'nobody there' WHERE id = 9 AND client_key = 'X'")
        let error = await #expect(throws: MigrationError.self) { try await move.followAll() }
        #expect(error?.code == .differs)
        #expect(error?.message.contains("public.note, key (X, 9)") == true, "\(error?.message ?? "")")
        try await move.target.cleanUp(move.ticket)
        try await move.source.cleanUp(move.ticket)
        #expect(try await databases.leftovers(in: databases.source) == "")
    }

    @Test("names what a live move cannot follow, with the statement that mends it, and breaks nobody's UPDATE")
    func notLive() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .live)
        let survey = try await move.source.survey(move.ticket, mode: .live)
        let finding = try #require(survey.warnings.first { $0.code == "copied-in-pause" })
        #expect(finding.remedy == "ALTER TABLE \"public\".\"small\" REPLICA IDENTITY FULL")
        try await move.prepare()
        try await databases.atSource("UPDATE small SET what = 'still'; DELETE FROM small WHERE client_key = 'Y'")
        try await move.source.cleanUp(move.ticket)
        try await databases.atSource(finding.remedy)
        let mended = try await move.source.survey(move.ticket, mode: .live)
        #expect(!mended.warnings.contains { $0.code == "copied-in-pause" })
        #expect(mended.tables.first { $0.name == "public.small" }?.isLive == true)
    }
}
