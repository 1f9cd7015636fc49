import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("What a PostgreSQL store says of itself")
struct StandingTests {
    static let schema = """
        CREATE TABLE note (client_key text NOT NULL, id bigint NOT NULL, body text, PRIMARY KEY (client_key, id))
        """
    static let rows = "INSERT INTO note SELECT 'X', n, 'note' FROM generate_series(1, 20) n"

    private func moved() async throws -> TestMove {
        let databases = try await TwoDatabases(Self.schema)
        try await databases.atSource(Self.rows)
        let move = try TestMove(databases, mode: .offline)
        try await move.runOffline()
        try await move.commit()
        return move
    }

    @Test("is the row with its token, the place in the log where it was written, and nothing against it")
    func whole() async throws {
        let move = try await moved()
        let here = try #require(try await move.source.standing(move.ticket))
        let there = try #require(try await move.target.standing(move.ticket))
        #expect(here.claim.state == .moved && there.claim.state == .open && there.claim.epoch == 9)
        #expect(here.claim.token != nil && here.claim.token == there.claim.token)
        #expect(here.doubt == nil && there.doubt == nil && there.isFlushed)
        #expect(!here.history.isEmpty && here.storeID != there.storeID)
        // What is finished says so still.
        try await move.purge()
        #expect(try await move.target.standing(move.ticket)?.claim.token == there.claim.token)
    }

    @Test(
        "is doubted where the server is another one, its log is shorter, or its history was cut before",
        arguments: [
            ("jsonb_set(point::jsonb, '{system}', '\"1\"')", "another server"),
            ("jsonb_set(point::jsonb, '{position}', '\"FFFFFFF/0\"')", "its log ends at"),
            ("jsonb_set(point::jsonb, '{timeline}', '\"7\"')", "its history was cut"),
        ])
    func doubted(change: String, words: String) async throws {
        let move = try await moved()
        try await move.databases.atTarget("UPDATE residency.tenant SET point = (\(change))::text")
        let doubt = try #require(try await move.target.standing(move.ticket)?.doubt)
        #expect(doubt.contains(words), "\(doubt)")
    }

    @Test("outlives a standby that takes over with everything, and the standby itself is not believed")
    func takenOver() async throws {
        let primary = try await PostgresCluster.own()
        try await primary.sql(Self.schema)
        let standby = try await primary.standby()
        func target(_ cluster: PostgresCluster) throws -> PostgresTargetStore {
            var settings = PostgresStoreSettings(name: "main", urls: [.sampleTarget: Secret(cluster.url())])
            settings.limits.connectTimeout = .seconds(60)
            settings.limits.statementTimeout = .seconds(60)
            return PostgresTargetStore(try PostgresSide(settings, region: .sampleTarget))
        }
        let (ticket, before) = (MoveTicket.sample(), try target(primary))
        _ = try await before.claim(ticket)
        try await before.prepare(ticket, mode: .offline)
        // The seal is on the standby's disk when this returns.
        let token = try await before.seal(ticket, epoch: 8)
        try await before.open(ticket, epoch: 8, token: token)
        while try await before.standing(ticket)?.isFlushed != true {}
        let old = try #require(try await before.standing(ticket))
        let after = try target(standby)
        while try await after.standing(ticket)?.claim.state != .open {}
        #expect(try await after.standing(ticket)?.doubt?.contains("standby") == true)
        try primary.kill()
        try await standby.sql("SELECT pg_promote()")
        let standing = try #require(try await after.standing(ticket))
        #expect(standing.claim == old.claim && standing.doubt == nil && standing.history != old.history)
        // Written past where the old history ended, it would be gone.
        try await standby.sql(
            "UPDATE residency.tenant SET point = jsonb_set(point::jsonb, '{position}', "
                + "to_jsonb((pg_current_wal_lsn() - 1)::text))::text")
        #expect(try await after.standing(ticket)?.doubt?.contains("its history was cut") == true)
    }

    @Test("a history of timelines says where each of them ended, and of others nothing")
    func histories() {
        let history = TimelineHistory("1\t0/3000110\tno recovery target specified\n\n2\t16/B374D848\twhy\nnonsense")
        #expect(history.end(of: "1") == LogPosition("0/3000110"))
        #expect(history.end(of: "2") == LogPosition("16/B374D848"))
        #expect(history.end(of: "3") == nil)
        #expect(TimelineHistory("").end(of: "1") == nil)
    }

    @Test("a source that has forgotten that the tenant left is told again, and its fence is up again")
    func reasserted() async throws {
        let move = try await moved()
        let names = StoreNames(move.ticket)
        let token = try #require(try await move.target.standing(move.ticket)?.claim.token)
        try await move.databases.atSource(
            "UPDATE residency.tenant SET state = 'open', epoch = 7, token = NULL; UPDATE \(names.gate) SET state = 'open'"
        )
        try await move.databases.atSource("INSERT INTO note VALUES ('X', 99, 'welcome, and lost')")
        try await move.source.reassert(move.ticket, epoch: 8, token: token)
        #expect(try await move.source.standing(move.ticket)?.claim.state == .moved)
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await move.databases.atSource("INSERT INTO note VALUES ('X', 100, 'refused')")
        }
        // Once more it changes nothing, and by an older authority it is refused.
        try await move.source.reassert(move.ticket, epoch: 8, token: token)
        try await move.databases.atSource("UPDATE residency.tenant SET state = 'open', epoch = 7, generation = 50")
        await #expect(throws: MigrationError.self) {
            try await move.source.reassert(move.ticket, epoch: 8, token: token)
        }
    }

    @Test("sessions of a coordinator that stands still are ended by the next one, whatever they hold")
    func vanished() async throws {
        let databases = try await TwoDatabases(Self.schema)
        let store = try databases.sourceStore()
        var ticket = MoveTicket.sample()
        _ = try await store.claim(ticket)
        let session = try await databases.appSession(at: databases.source)
        try await session.run(
            "BEGIN; SET LOCAL application_name = '\(StoreNames(ticket).sessions) \(ticket.generation)'; "
                + "SELECT * FROM residency.tenant FOR UPDATE")
        ticket.generation += 1
        #expect(try await store.claim(ticket).generation == ticket.generation - 1)
        await #expect(throws: PostgresSessionError.self) { try await session.run("COMMIT") }
        #expect(try await databases.atSource("SELECT generation FROM residency.tenant") == "\(ticket.generation)")
    }

    @Test("changes with every column, table, key, publication and trigger that a move depends on, and with no row")
    func schemaState() async throws {
        let databases = try await TwoDatabases(Self.schema)
        let move = try TestMove(databases, mode: .live)
        try await move.prepare()
        func state() async throws -> StoreSchemaState { try #require(try await move.source.schemaState(move.ticket)) }
        let first = try await state()
        #expect(try await move.target.schemaState(move.ticket)?.fingerprint == first.fingerprint)
        try await databases.atSource("INSERT INTO note VALUES ('X', 1, 'a row'); ANALYZE note")
        #expect(try await state() == first)
        // Only this side's own.
        try await databases.atSource("ALTER TABLE note REPLICA IDENTITY FULL")
        let full = try await state()
        #expect(full.fingerprint == first.fingerprint && full.own != first.own)
        try await databases.atSource("ALTER TABLE note REPLICA IDENTITY DEFAULT")
        #expect(try await state() == first)
        let trigger = SQLText.name(StoreNames(move.ticket).trigger("i"))
        try await databases.atSource("ALTER TABLE note DISABLE TRIGGER \(trigger)")
        #expect(try await state().own != first.own)
        try await databases.atSource("ALTER TABLE note ENABLE ALWAYS TRIGGER \(trigger)")
        try await databases.atSource("ALTER TABLE note ADD COLUMN colour text")
        #expect(try await state().fingerprint != first.fingerprint)
        try await databases.atSource("ALTER TABLE note DROP COLUMN colour")
        #expect(try await state() == first)
        try await databases.atSource("CREATE TABLE later (client_key text, body text)")
        #expect(try await state().fingerprint != first.fingerprint)
        try await move.target.cleanUp(move.ticket)
        try await move.source.cleanUp(move.ticket)
    }

    @Test("a copy of a database is told from the database itself, and becomes a store of its own by being adopted")
    func clone() async throws {
        let databases = try await TwoDatabases(Self.schema)
        try await databases.atSource(Self.rows)
        let move = try TestMove(databases, mode: .offline)
        try await move.runOffline()
        await move.source.side.close()
        let copy = try await databases.cluster.newDatabase()
        try await databases.cluster.sql("DROP DATABASE \(copy)")
        try await databases.cluster.sql("CREATE DATABASE \(copy) TEMPLATE \(databases.source)")
        var settings = databases.settings
        settings.urls[.sampleTarget] = Secret(databases.cluster.url(database: copy))
        let clone = try PostgresSide(settings, region: .sampleTarget)
        let original = try PostgresSide(settings, region: .sampleSource)
        let (here, there) = (PostgresSourceStore(original), PostgresTargetStore(clone))
        var report = MigrationPlanReport(mode: .offline)
        report.add(
            "main", source: try await here.survey(move.ticket, mode: .offline),
            target: try await there.survey(move.ticket, mode: .offline), isShared: true)
        #expect(report.blockers.contains { $0.code == "clone" })
        // What is written into the one is not read in the other.
        _ = try await here.probe(move.ticket, writing: "nonce")
        #expect(try await there.probe(move.ticket, writing: nil)?.nonce != "nonce")
        #expect(try await clone.storeID() == original.storeID())
        // The fence was copied, too.
        let write = "UPDATE note SET body = 'changed' WHERE id = 1"
        await #expect(throws: PostgresCluster.Unavailable.self) {
            try await databases.cluster.sql(write, in: copy)
        }
        #expect(try await clone.adopt(among: [original]) == .sampleSource)
        #expect(try await clone.storeID() != original.storeID())
        try await databases.cluster.sql(write, in: copy)
        #expect(try await databases.leftovers(in: copy) == "")
        #expect(try await databases.atSource("SELECT state FROM residency.tenant") == "fenced")
        let again = await #expect(throws: MigrationError.self) { try await clone.adopt(among: [original]) }
        #expect(again?.message.contains("nothing to adopt") == true)
        // Two names of one database are one store.
        settings.urls[.sampleTarget] = settings.urls[.sampleSource]
        let same = try PostgresSide(settings, region: .sampleTarget)
        let error = await #expect(throws: MigrationError.self) { try await same.adopt(among: [original]) }
        #expect(error?.message.contains("under two names") == true)
    }
}
