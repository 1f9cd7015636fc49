import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("Rows of every kind")
struct KindsOfDataTests {
    static let schema = """
        CREATE TYPE mood AS ENUM ('sad', 'it''s fine', 'Glad');
        CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
        CREATE DOMAIN moods AS mood[];
        CREATE TYPE place AS (street text, number int, mood mood);
        CREATE TABLE "Mixed ""Case"" Table" (
            "clientKey" text NOT NULL, "Id" bigint GENERATED ALWAYS AS IDENTITY, "Group" int,
            moods mood[], mood mood, part percent, places place[], place place, doc jsonb, raw json, bytes bytea,
            price numeric, exact numeric(30, 10), at timestamptz, day date, span interval, real double precision,
            numbers int[][], bits bit varying, ip inet, id uuid, range tstzrange, words tsvector, money money,
            doubled bigint GENERATED ALWAYS AS ("Group" * 2) STORED, secret text DEFAULT 'made anew', flags moods,
            PRIMARY KEY ("clientKey", "Id"));
        CREATE TABLE measure (client_key text NOT NULL, at date NOT NULL, value float8, PRIMARY KEY (client_key, at))
            PARTITION BY RANGE (at);
        CREATE TABLE measure_old PARTITION OF measure FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
        CREATE TABLE measure_new PARTITION OF measure FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
        CREATE TABLE a (client_key text, id int PRIMARY KEY, b int);
        CREATE TABLE b (client_key text, id int PRIMARY KEY, a int REFERENCES a);
        ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE
        """
    static let rows = """
        INSERT INTO "Mixed ""Case"" Table" ("clientKey", "Group", moods, mood, part, places, place, doc, raw, bytes,
            price,
            exact, at, day, span, real, numbers, bits, ip, id, range, words, money, secret, flags)
        SELECT k, 21, '{sad,"it''s fine",NULL}', 'Glad', 99, ARRAY[ROW('a "b", c', 1, 'sad')::place, NULL],
            ROW(NULL, NULL, 'Glad')::place, '{"b": [1, null, "\\u00e9"], "a": 1.50}', '{"b" : 1,  "b": 2}',
            decode('00ff5c27', 'hex'), 'NaN', 12345678901234567890.0123456789, 'infinity', '-infinity',
            '1 year -2 days 03:04:05.678', v, '{{1,2},{NULL,4}}', B'10101', '2001:db8::1/64',
            '00000000-0000-0000-0000-00000000000a', '[2026-01-01,)', 'a:1 fat:2', 12.5, 'kept here', '{Glad}'
        FROM (VALUES ('X', 0.1), ('X', 'NaN'), ('X', '-infinity'), ('X', 1e-300), ('Y', 1)) t(k, v);
        INSERT INTO "Mixed ""Case"" Table" ("clientKey") VALUES ('X');
        INSERT INTO measure VALUES ('X', '2025-12-31', 1), ('X', '2026-01-01', 2), ('Y', '2026-01-01', 3),
            ('X', 'infinity', 4);
        INSERT INTO a VALUES ('X', 1), ('X', 2); INSERT INTO b VALUES ('X', 1, 1), ('X', 2, 1);
        UPDATE a SET b = 2
        """
    static let contents = """
        SELECT string_agg(t, E'\\n' ORDER BY t) FROM (SELECT (to_jsonb(m) - 'secret')::text || real AS t
        FROM "Mixed ""Case"" Table" m WHERE "clientKey" = 'X'
        UNION ALL SELECT m::text FROM measure m WHERE client_key = 'X' UNION ALL SELECT a::text FROM a
        UNION ALL SELECT b::text FROM b) q
        """

    private func databases() async throws -> TwoDatabases {
        let databases = try await TwoDatabases(Self.schema) { settings in
            var mixed = PostgresTableSettings(name: "public.Mixed \"Case\" Table")
            mixed.excludedColumns = ["secret"]
            settings.tables = [mixed] + ["measure", "a", "b"].map { PostgresTableSettings(name: $0) }
        }
        try await databases.atSource(Self.rows)
        return databases
    }

    @Test("arrive as they were, by a copy and by the log", arguments: MoveMode.allCases)
    func arrive(mode: MoveMode) async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: mode)
        #expect(try await move.source.survey(move.ticket, mode: .offline).blockers == [])
        #expect(try await move.target.survey(move.ticket, mode: mode).blockers == [])
        try await move.prepare()
        if mode == .offline { try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30)) }
        try await move.copy()
        #expect(try await move.compareCopy() == [])
        if mode == .live {
            let columns = """
                "clientKey", "Group", moods, mood, part, places, place, doc, raw, bytes, price, exact, at, day, span,
                real,
                numbers, bits, ip, id, range, words, money, flags
                """
            try await databases.atSource(
                """
                INSERT INTO "Mixed ""Case"" Table" (\(columns)) SELECT \(columns) FROM "Mixed ""Case"" Table";
                UPDATE "Mixed ""Case"" Table" SET "Group" = 4, bytes = repeat('x', 10000)::bytea WHERE "Id" = 2;
                UPDATE measure SET at = '2027-01-01' WHERE at = '2025-12-31'; DELETE FROM measure WHERE value = 2
                """)
            try await move.followAll()
            #expect(try await move.compare(try await move.source.changedKeys(move.ticket)) == [])
            try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30))
            try await move.followAll()
        }
        try await move.copy(inPause: true)
        #expect(try await move.compareAll() == [])
        try await move.commit()
        let (left, arrived) = (try await databases.atSource(Self.contents), try await databases.atTarget(Self.contents))
        #expect(left == arrived)
        #expect(try await databases.atTarget("SELECT DISTINCT secret FROM \"Mixed \"\"Case\"\" Table\"") == "made anew")
        try await move.purge()
        #expect(try await databases.leftovers(in: databases.source) == "")
        #expect(try await databases.atSource("SELECT count(*) FROM measure") == "1")
    }

    @Test("a partition's own fence holds, too")
    func partitions() async throws {
        let databases = try await databases()
        let move = try TestMove(databases, mode: .offline)
        try await move.prepare()
        try await move.source.raiseFence(move.ticket, epoch: 8, within: .seconds(30))
        for statement in [
            "INSERT INTO measure_new VALUES ('X', '2026-05-05', 1)",
            "UPDATE measure SET value = 9 WHERE client_key = 'X'",
            "SET session_replication_role = replica; DELETE FROM measure_old WHERE client_key = 'X'",
            "TRUNCATE measure_new", "TRUNCATE measure",
        ] {
            await #expect(throws: PostgresCluster.Unavailable.self, "\(statement)") {
                try await databases.atSource(statement)
            }
        }
        try await databases.atSource("INSERT INTO measure_new VALUES ('Y', '2026-05-05', 1)")
        try await move.source.cleanUp(move.ticket)
        try await databases.atSource("TRUNCATE measure_new")
    }

    @Test("what cannot be moved is named before, with what mends it")
    func blockers() async throws {
        let databases = try await TwoDatabases(
            """
            CREATE TABLE picture (client_key text, id int PRIMARY KEY, content oid, kind regclass);
            CREATE UNLOGGED TABLE cache (client_key text, id int, PRIMARY KEY (client_key, id));
            CREATE TABLE stray (id int PRIMARY KEY, picture int REFERENCES picture);
            CREATE TABLE circle (client_key text, id int PRIMARY KEY, next int REFERENCES circle);
            CREATE TABLE audited (client_key text, id int PRIMARY KEY);
            CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER audit BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION audit();
            DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD '\(PostgresCluster.password)'; EXCEPTION WHEN OTHERS THEN NULL;
            END $$; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain
            """, user: "plain"
        ) { $0.limits.pauseRows = 0 }
        try await databases.atSource("INSERT INTO circle VALUES ('X', 1, 1), ('X', 3, NULL), ('Y', 2, 3)")
        let move = try TestMove(databases, mode: .live)
        let source = try await move.source.survey(move.ticket, mode: .live)
        let codes = Set(source.blockers.map(\.code))
        #expect(
            codes == [
                "large-object", "number-of-this-server", "not-owner", "no-create", "no-replication", "not-live",
            ])
        #expect(source.warnings.contains { $0.code == "not-moved" && $0.message.contains("public.stray") })
        let target = try await move.target.survey(move.ticket, mode: .live)
        let found = Set(target.blockers.map(\.code))
        #expect(found.isSuperset(of: ["target-trigger", "circular-keys"]))
        #expect(
            target.blockers.contains {
                $0.remedy == "GRANT SET ON PARAMETER session_replication_role TO \"plain\""
            })
    }
}
