import Foundation
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("The server of a PostgreSQL directory", .timeLimit(.minutes(3)))
struct PostgresServerTests {
    private func store(
        _ url: String, key: UInt8 = 7, _ change: (inout PostgresSettings) -> Void = { _ in }
    ) throws -> PostgresStore {
        var settings = PostgresSettings.patient(url)
        change(&settings)
        return try PostgresStore(settings, sealer: .test(key))
    }

    private func line(_ name: String) throws -> ImportedTenant {
        ImportedTenant(
            aliases: [TenantAlias(.connect, app: "app", name: name)], secret: Secret("secret of \(name)"),
            region: try #require(Region("EU")))
    }

    /// Why the tables could not be made or checked.
    private func refusal(_ store: PostgresStore) async -> DirectoryError? {
        defer { store.close() }
        do {
            try await store.prepare()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Starting

    @Test("is prepared once when several nodes start at the same moment")
    func madeAtOnce() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let store = try self.store(url) { $0.poolSize = 1 }
                    #expect(try await store.lastSequence() == 0)
                    store.close()
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("gives the key that sealed first to one of the nodes that start with different ones")
    func keysAtOnce() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let refusals = await withTaskGroup(of: DirectoryError?.self) { group in
            for key in UInt8(1)...4 {
                group.addTask {
                    guard let store = try? self.store(url, key: key) else { return nil }
                    return await self.refusal(store)
                }
            }
            var refusals: [DirectoryError?] = []
            for await refusal in group { refusals.append(refusal) }
            return refusals
        }
        #expect(refusals.count { $0 == nil } == 1)
        #expect(refusals.compactMap { $0?.code } == [.wrongKey, .wrongKey, .wrongKey])
    }

    @Test("with a schema of a later major is refused; one that only has more is used")
    func newerSchema() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        #expect(await refusal(try store(url)) == nil)
        let schema = try #require(url.split(separator: "%3D").last)
        try await cluster.sql("INSERT INTO \(schema).schema_steps VALUES (999, 'more', 0)")
        #expect(await refusal(try store(url)) == nil)
        try await cluster.sql("INSERT INTO \(schema).schema_steps VALUES (1000, 'other', 0)")
        let error = await refusal(try store(url))
        #expect(error?.code == .newerSchema)
        #expect(error?.message.contains("1000") == true)
    }

    @Test("with tables of someone else's is refused")
    func foreign() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        let schema = try #require(url.split(separator: "%3D").last)
        try await cluster.sql("CREATE TABLE \(schema).tenants (id TEXT)")
        #expect(await refusal(try store(url))?.code == .notADirectory)
        #expect(try await cluster.sql("SELECT COUNT(*) FROM \(schema).schema_lock") == "1")
    }

    @Test("is not changed by looking whether the tables are there")
    func looking() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let store = try store(url)
        #expect(try await !store.exists())
        #expect(try await !store.exists())
        try await store.prepare()
        #expect(try await store.exists())
        store.close()
        do {
            _ = try await store.lastSequence()
            Issue.record("a closed store must not answer")
        } catch {
            #expect(error.code == .unavailable)
        }
    }

    @Test("does not hold a secret in clear")
    func sealed() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        let store = try store(url)
        _ = try await store.importTenants([line("a")], actor: "test")
        store.close()
        let schema = try #require(url.split(separator: "%3D").last)
        #expect(try await cluster.sql("SELECT COUNT(*) FROM \(schema).tenants WHERE secret IS NOT NULL") == "1")
        #expect(
            try await cluster.sql(
                "SELECT COUNT(*) FROM \(schema).tenants WHERE POSITION('secret of'::bytea IN secret) > 0") == "0")
    }

    // MARK: Refusals

    @Test("says what to do about a wrong password, and shows neither it nor the right one")
    func wrongPassword() async throws {
        let url = try await PostgresCluster.shared().url(password: "n0t-the-word")
        let error = try #require(await refusal(try store(url)))
        #expect(error.code == .unavailable)
        #expect(error.message.contains("PGPASSFILE"))
        #expect(error.description.contains("28P01"))
        #expect(!error.description.contains("n0t-the-word"))
        #expect(!error.description.contains(PostgresCluster.password))
    }

    @Test("says what to do about a database that is not there, and a server that is not there")
    func wrongAddress() async throws {
        let cluster = try await PostgresCluster.shared()
        let missing = cluster.url().replacing("/postgres?", with: "/nowhere?")
        let error = try #require(await refusal(try store(missing)))
        #expect(error.message.contains("createdb"))
        #expect(error.description.contains("3D000"))
        let away = try #require(await refusal(try store("postgresql://u:s3cr3t@127.0.0.1:1/d?sslmode=disable")))
        #expect(away.code == .unavailable)
        #expect(away.message.contains("postgresql://127.0.0.1:1/d"))
        #expect(!away.description.contains("s3cr3t"))
    }

    @Test("that is a standby is said to be read-only")
    func standby() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        let readOnly = url + "%20-cdefault_transaction_read_only%3Don"
        let error = try #require(await refusal(try store(readOnly)))
        #expect(error.message.contains("standby"))
        // Tables that are there can be read.
        #expect(await refusal(try store(url)) == nil)
        let reader = try store(readOnly)
        #expect(try await reader.lastSequence() == 0)
        reader.close()
    }

    @Test("that streams to a standby says so, and the standby that it takes no changes")
    func streaming() async throws {
        let primary = try await PostgresCluster.own()
        let writer = try store(primary.url())
        try await writer.prepare()
        #expect(try await writer.serverFacts().durabilityWarning?.contains("synchronous_standby_names") == true)
        #expect(try await !writer.serverFacts().isReadOnly)
        let standby = try await primary.standby()
        try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        try await primary.sql("SELECT pg_reload_conf()")
        while try await writer.serverFacts().synchronousStandbys != "ANY 1 (*)" {}
        #expect(try await writer.serverFacts().durabilityWarning == nil)
        // Waits for the standby.
        _ = try await writer.importTenants([try line("a")], actor: "test")

        let reader = try store(standby.url())
        #expect(try await reader.serverFacts().isReadOnly)
        let error = await #expect(throws: DirectoryError.self) {
            _ = try await reader.importTenants([try line("b")], actor: "test")
        }
        #expect(error?.message.contains("it is a standby") == true)
        #expect(error?.message.contains("target_session_attrs=read-write") == true)
        writer.close()
        reader.close()
        standby.end()
        primary.end()
    }

    @Test("tells the time, to whoever may read the directory")
    func time() async throws {
        let store = try store(try await PostgresCluster.shared().newSchema())
        let before = Date().milliseconds
        let time = try #require(try await store.currentTime())
        #expect((before - 2...Date().milliseconds + 2).contains(time))
        store.close()
    }

    @Test("whose commits do not wait for its standbys is warned of as well")
    func unwaited() {
        for (commit, isWarned) in [("on", false), ("remote_apply", false), ("local", true), ("off", true)] {
            let facts = DirectoryServerFacts(
                isReadOnly: false, synchronousStandbys: "ANY 1 (*)", synchronousCommit: commit)
            #expect((facts.durabilityWarning != nil) == isWarned)
        }
        // A database of another maker that has no such setting.
        let other = DirectoryServerFacts(isReadOnly: false, synchronousStandbys: nil, synchronousCommit: "on")
        #expect(other.durabilityWarning == nil)
    }

    @Test(
        "is not asked by a URL that cannot be read, which is not shown",
        arguments: [
            "postgresql://u:p@ss@w0rd@h/d", "postgresql://u:w0rd@h:port/d", "postgresql://u:w0rd/x@h/d",
            "postgresql://u:12/w0rd@h/d", "postgresql://h/d?nonsense=w0rd",
        ])
    func misfit(url: String) {
        do throws(DirectoryError) {
            _ = try PostgresAddress(url)
            Issue.record("\(url) was taken")
        } catch {
            #expect(!error.description.contains("w0rd"))
        }
    }

    @Test("is named without user, password and options")
    func named() throws {
        let address = try PostgresAddress("postgresql://u:w0rd@a,b:5433/d?sslmode=verify-full")
        #expect(address.name == "postgresql://a,b:5433/d" || address.name == "postgresql://a,b:,5433/d")
        #expect(address.hasPassword)
        #expect(address.sslMode == "verify-full")
        #expect(address.hostCount == 2)
    }

    // MARK: Waiting

    @Test("that takes too long over a statement is given up, and the next call is answered")
    func slow() async throws {
        let cluster = try await PostgresCluster.shared()
        let address = try PostgresAddress(cluster.url())
        var settings = PostgresSettings.patient(cluster.url())
        settings.statementTimeout = .milliseconds(100)
        let connection = PostgresConnection(settings, address: address)
        try await connection.open()
        let failure = await #expect(throws: PostgresFailure.self) {
            try await connection.withHandle { _ = try $0.run("SELECT pg_sleep(60)", []) }
        }
        #expect(failure?.sqlState == "57014")
        #expect(failure?.directoryError("d").message.contains("statementTimeout") == true)
        #expect(try await connection.withHandle { try $0.run("SELECT seq FROM (SELECT 7 AS seq) s", []).count } == 1)
    }

    @Test("that says nothing at all is given up by closing the connection")
    func silent() async throws {
        let cluster = try await PostgresCluster.shared()
        let settings = PostgresSettings.patient(cluster.url())
        let connection = PostgresConnection(settings, address: try PostgresAddress(cluster.url()))
        try await connection.open()
        let failure = await #expect(throws: PostgresFailure.self) {
            try await connection.withHandle { _ = try $0.runScript("SELECT pg_sleep(60)", within: .milliseconds(50)) }
        }
        #expect(failure?.kind == .silence)
        #expect(await !connection.isReusable)
    }

    @Test("whose counter another holds refuses a change in time, and takes it when the other has ended")
    func lockedCounter() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        let store = try store(url) { $0.lockTimeout = .milliseconds(50) }
        try await store.prepare()
        let settings = PostgresSettings.patient(url)
        let other = PostgresConnection(settings, address: try PostgresAddress(url))
        try await other.open()
        try await other.withHandle { _ = try $0.runScript("BEGIN; UPDATE feed_counter SET seq = seq") }
        let line = try line("a")
        do {
            _ = try await store.importTenants([line], actor: "test")
            Issue.record("the counter was not locked")
        } catch {
            #expect(error.code == .busy)
        }
        try await other.withHandle { _ = try $0.runScript("ROLLBACK") }
        #expect(try await store.importTenants([line], actor: "test").added == 1)
        store.close()
    }

    @Test("that has ended a transaction that stood still is asked to do it again, on a new connection")
    func stoodStill() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        var settings = PostgresSettings.patient(url)
        settings.idleInTransactionTimeout = .milliseconds(20)
        let connection = PostgresConnection(settings, address: try PostgresAddress(url))
        try await connection.open()
        let failure = await #expect(throws: PostgresFailure.self) {
            try await connection.withHandle { handle in
                _ = try handle.runScript("BEGIN")
                // Until the server has hung up.
                var waits = pollfd(fd: handle.socket, events: Int16(POLLIN), revents: 0)
                #expect(poll(&waits, 1, 60_000) == 1)
                let session = try StoreSession(
                    runner: PostgresRunner(handle: handle), sealer: .test(), now: 0, isWriting: true)
                _ = try PostgresRunner(handle: handle).finish(session)
            }
        }
        #expect(failure?.kind == .connection)
        #expect(failure?.isRepeatable == true)
        #expect(await !connection.isReusable)
    }

    @Test("ends the transaction of a node that stands still, so that others go on")
    func standsStill() async throws {
        let cluster = try await PostgresCluster.shared()
        let url = try await cluster.newSchema()
        let store = try store(url)
        try await store.prepare()
        var settings = PostgresSettings.patient(url)
        settings.idleInTransactionTimeout = .milliseconds(200)
        let other = PostgresConnection(settings, address: try PostgresAddress(url))
        try await other.open()
        try await other.withHandle { _ = try $0.runScript("BEGIN; UPDATE feed_counter SET seq = seq + 100") }
        #expect(try await store.importTenants([line("a")], actor: "test").added == 1)
        #expect(try await store.lastSequence() == 1)
        store.close()
    }

    @Test("keeps a name with quotation marks and back-slashes as it is, and none with a NUL")
    func hostileNames() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let store = try store(url)
        let names = ["it's", "a\\'b", "\"; DROP TABLE tenants; --", "?", "$1", "ü\u{1F600}", "", "E'\\x00"]
        #expect(try await store.importTenants(names.map(line), actor: "it's \\ the test ?").added == names.count)
        for name in names {
            let found = try await store.tenant(.alias(TenantAlias(.connect, app: "app", name: name)))
            #expect(found?.aliases.first?.name == name)
            #expect(found?.secret == Secret("secret of \(name)"))
        }
        #expect(try await store.tenant(.alias(TenantAlias(.connect, app: "app", name: "it's\0"))) == nil)
        let line = try line("x\0y")
        do {
            _ = try await store.importTenants([line], actor: "test")
            Issue.record("a NUL was taken")
        } catch {
            #expect(error.code == .conflict)
        }
        #expect(try await store.counts().total == names.count)
        store.close()
    }

    @Test("serves no more calls at a time than its pool has connections")
    func poolBound() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let store = try store(url) { $0.poolSize = 2 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { _ = try await store.lastSequence() } }
            try await group.waitForAll()
        }
        #expect(store.pool.count <= 2)
        store.close()
    }

    // MARK: Losing it

    @Test("that was restarted is used again at once: no call fails because of a dead connection")
    func restarted() async throws {
        let cluster = try await PostgresCluster.own()
        let store = try store(cluster.url()) { $0.poolSize = 3 }
        _ = try await store.importTenants([line("a")], actor: "test")
        try await cluster.stop()
        do {
            _ = try await store.lastSequence()
            Issue.record("nobody can have answered")
        } catch {
            #expect(error.code == .unavailable)
        }
        try await cluster.start()
        // The last failed try may keep it from trying again for a moment.
        while true {
            do throws(DirectoryError) {
                let total = try await store.counts().total
                #expect(total == 1)
                break
            } catch {
                #expect(error.code == .unavailable)
            }
        }
        store.close()
        cluster.end()
    }

    @Test("that is killed while it is written to keeps every change that was acknowledged, whole")
    func killed() async throws {
        let cluster = try await PostgresCluster.own()
        let store = try store(cluster.url())
        try await store.prepare()
        var acknowledged: Set<String> = []
        for round in 0..<3 {
            let (written, report) = AsyncStream.makeStream(of: String.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        for count in 0... {
                            let name = "\(round)-\(writer)-\(count)"
                            let line = try self.line(name)
                            do throws(DirectoryError) {
                                _ = try await store.importTenants([line], actor: "test")
                            } catch { return }
                            report.yield(name)
                        }
                    }
                }
                var count = 0
                for await name in written {
                    acknowledged.insert(name)
                    count += 1
                    if count == 20 {
                        try cluster.kill()
                        break
                    }
                }
                try await group.waitForAll()
            }
            report.finish()
            for await name in written { acknowledged.insert(name) }
            try await cluster.start()
        }
        let reader = try self.store(cluster.url())
        let total = try await reader.counts().total
        let changes = try await reader.changes(after: 0, limit: total + 1)
        #expect(changes.map(\.sequence) == Array(1...Int64(total)))
        #expect(acknowledged.count >= 60)
        for name in acknowledged {
            let found = try await reader.tenant(.alias(TenantAlias(.connect, app: "app", name: name)))
            #expect(found?.secret == Secret("secret of \(name)"))
        }
        reader.close()
        store.close()
        cluster.end()
    }

    @Test("tells other nodes of a change at once")
    func told() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let (store, other) = (try store(url), try store(url))
        try await store.prepare()
        let listener = try #require(other.listener)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            // It signals once when it begins to listen.
            try await listener.hint.wait(atMost: .seconds(60), ContinuousClock())
            _ = try await store.importTenants([line("a")], actor: "test")
            try await listener.hint.wait(atMost: .seconds(60), ContinuousClock())
            #expect(try await other.lastSequence() == 1)
            group.cancelAll()
        }
        store.close()
        other.close()
    }
}
