import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("The write fence of a PostgreSQL store")
struct FenceTests {
    static let schema = """
        CREATE TABLE note (client_key text NOT NULL, id bigint NOT NULL, body text, PRIMARY KEY (client_key, id));
        CREATE TABLE comment (id bigserial PRIMARY KEY, client_key text NOT NULL, note bigint NOT NULL,
            FOREIGN KEY (client_key, note) REFERENCES note);
        INSERT INTO note VALUES ('X', 1, 'first'), ('Y', 1, 'other')
        """

    /// Prepared, with the fence down.
    private func prepared(_ ticket: MoveTicket = .sample()) async throws -> (TwoDatabases, PostgresSourceStore) {
        let databases = try await TwoDatabases(Self.schema)
        let store = try databases.sourceStore()
        _ = try await store.claim(ticket)
        try await store.prepare(ticket, mode: .offline)
        return (databases, store)
    }

    @Test("refuses the tenant's writes and nobody else's, and is down again after the decision to stay")
    func refuses() async throws {
        let ticket = MoveTicket.sample()
        let (databases, store) = try await prepared(ticket)
        try await databases.atSource("INSERT INTO note VALUES ('X', 2, 'still welcome')")
        try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
        let refused = [
            "INSERT INTO note VALUES ('X', 3, 'late')", "UPDATE note SET body = 'late' WHERE client_key = 'X'",
            "DELETE FROM note WHERE client_key = 'X' AND id = 2", "UPDATE note SET client_key = 'X' WHERE id = 1",
            "UPDATE note SET client_key = 'Z' WHERE client_key = 'X' AND id = 2", "TRUNCATE note CASCADE",
            "SET session_replication_role = replica; INSERT INTO note VALUES ('X', 4, 'past the triggers')",
            "SET residency.mover = 'guessed'; INSERT INTO note VALUES ('X', 5, 'past the mark')",
        ]
        for statement in refused {
            await #expect(throws: PostgresCluster.Unavailable.self, "\(statement)") {
                try await databases.atSource(statement)
            }
        }
        try await databases.atSource(
            "INSERT INTO note VALUES ('Y', 2, 'other'); DELETE FROM note WHERE client_key = 'Y'")
        #expect(try await databases.atSource("SELECT count(*) FROM note WHERE client_key = 'X'") == "2")
        #expect(try await store.decide(ticket, epoch: 8, .open) == .open)
        try await databases.atSource("INSERT INTO note VALUES ('X', 6, 'welcome again')")
        try await store.cleanUp(ticket)
        #expect(try await databases.leftovers(in: databases.source) == "")
        try await databases.atSource("TRUNCATE note CASCADE")
    }

    @Test("is raised at once among writers that overlap without a pause, and none of theirs is lost or let in after it")
    func overlapping() async throws {
        let ticket = MoveTicket.sample()
        let (databases, store) = try await prepared(ticket)
        let stop = Flag()
        let acknowledged = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<16 {
                let session = try await databases.appSession(at: databases.source)
                group.addTask {
                    var count = 0
                    while !stop.isSet, count < 5_000 {
                        let id = 1_000 + writer * 10_000 + count
                        do {
                            try await session.run(
                                "BEGIN; INSERT INTO note VALUES ('X', \(id), 'w'); SELECT pg_sleep(0.03); COMMIT")
                            count += 1
                        } catch let error as PostgresSessionError where error.sqlState == FenceStatements.refusal {
                            await session.close()
                            return count
                        }
                    }
                    await session.close()
                    return count
                }
            }
            // Some have written before it is raised.
            while try await databases.atSource("SELECT count(*) > 30 FROM note") != "t" {}
            try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
            let then = try await databases.atSource("SELECT count(*) FROM note WHERE id >= 1000")
            var sum = 0
            for try await count in group { sum += count }
            stop.set()
            return (sum, then)
        }
        #expect("\(acknowledged.0)" == acknowledged.1)
        #expect(try await databases.atSource("SELECT count(*) FROM note WHERE id >= 1000") == acknowledged.1)
    }

    @Test("turns a transaction away that began before it and writes after it")
    func snapshot() async throws {
        let ticket = MoveTicket.sample()
        let (databases, store) = try await prepared(ticket)
        let session = try await databases.appSession(at: databases.source)
        try await session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM note")
        try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
        let error = await #expect(throws: PostgresSessionError.self) {
            try await session.run("INSERT INTO note VALUES ('X', 3, 'from the past')")
        }
        #expect(error?.sqlState == "40001")
        await session.close()
    }

    @Test("is given up, and names who stands in the way", arguments: [true, false])
    func inTheWay(isPrepared: Bool) async throws {
        let ticket = MoveTicket.sample()
        let (databases, store) = try await prepared(ticket)
        let session = try await databases.appSession(at: databases.source)
        try await session.run("BEGIN; INSERT INTO note VALUES ('X', 3, 'open')")
        if isPrepared { try await session.run("PREPARE TRANSACTION 'slow \(databases.source)'") }
        let error = await #expect(throws: MigrationError.self) {
            try await store.raiseFence(ticket, epoch: 8, within: .milliseconds(300))
        }
        #expect(error?.code == .inTheWay)
        let name = isPrepared ? "slow \(databases.source)" : "app"
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        // Nothing of it is left: the tenant works on.
        try await databases.atSource("INSERT INTO note VALUES ('X', 4, 'welcome')")
        try await session.run(isPrepared ? "ROLLBACK PREPARED 'slow \(databases.source)'" : "ROLLBACK")
        try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
        await session.close()
    }

    @Test("is raised by the newest coordinator alone")
    func overtaken() async throws {
        let ticket = MoveTicket.sample()
        let (databases, store) = try await prepared(ticket)
        var later = ticket
        later.generation = 6
        #expect(try await store.claim(later).generation == 5)
        let error = await #expect(throws: MigrationError.self) {
            try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
        }
        #expect(error?.code == .overtaken)
        try await store.raiseFence(later, epoch: 8, within: .seconds(30))
        #expect(try await store.decide(later, epoch: 8, .moved(token: "t")) == .moved(token: "t"))
        #expect(try await store.decide(ticket, epoch: 8, .open) == .moved(token: "t"))
        await #expect(throws: MigrationError.self) { try await store.cleanUp(later) }
        #expect(try await databases.atSource("SELECT count(*) FROM note WHERE client_key = 'X'") == "1")
    }

    @Test("leaves a job's deletions undone in silence once the tenant has left")
    func jobs() async throws {
        let databases = try await TwoDatabases(
            Self.schema
                + """
                ; DO $$ BEGIN CREATE ROLE nightly LOGIN PASSWORD '\(PostgresCluster.password)';
                EXCEPTION WHEN OTHERS THEN NULL; END $$; GRANT ALL ON note TO nightly
                """
        ) { $0.jobRoles = ["nightly"] }
        let ticket = MoveTicket.sample()
        let store = try databases.sourceStore()
        _ = try await store.claim(ticket)
        try await store.prepare(ticket, mode: .offline)
        try await store.raiseFence(ticket, epoch: 8, within: .seconds(30))
        let settings = PostgresSessionSettings(
            url: Secret(databases.cluster.url(user: "nightly", database: databases.source)), applicationName: "job")
        let job = PostgresSession(settings)
        try await job.open()
        // Undecided, the rows may have to stay: the job is told.
        await #expect(throws: PostgresSessionError.self) {
            try await job.run("DELETE FROM note WHERE client_key = 'X'")
        }
        _ = try await store.decide(ticket, epoch: 8, .moved(token: "t"))
        #expect(try await job.run("DELETE FROM note WHERE id = 1").first?.affected == 1)
        #expect(try await databases.atSource("SELECT client_key FROM note") == "X")
        await #expect(throws: PostgresSessionError.self) { try await job.run("INSERT INTO note VALUES ('X', 9, '')") }
        await job.close()
    }
}
