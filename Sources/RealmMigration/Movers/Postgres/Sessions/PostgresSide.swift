import Synchronization
package import TenantDirectory

/// One region's database as the mover reaches it. What both sides of a move are made of.
package final class PostgresSide: Sendable {
    let settings: PostgresStoreSettings
    let region: Region
    let sessions: PostgresSessions
    private let url: Secret
    private let isMade = Mutex(false)
    /// By migration and attempt.
    let plans = Mutex<[String: PreparedPlan]>([:])

    /// - Throws: `.blocked` where the configuration has no URL for the region.
    package init(_ settings: PostgresStoreSettings, region: Region) throws(MigrationError) {
        guard let url = settings.urls[region] else {
            throw MigrationError(
                .blocked, "The store \(settings.name) has no URL for the region \(region). Add it under `stores`.")
        }
        self.settings = settings
        self.region = region
        self.url = url
        sessions = PostgresSessions(
            Self.sessionSettings(url, settings, name: "residency"), limit: settings.limits.sessions)
    }

    /// Ends the idle sessions.
    package func close() async { await sessions.close() }

    /// A session that belongs to no pool: for the snapshot, and for the stream of changes.
    func ownSession(_ name: String, isReplicating: Bool) -> PostgresSession {
        var own = Self.sessionSettings(url, settings, name: name)
        own.isReplicating = isReplicating
        own.idleInTransactionTimeout = .zero
        return PostgresSession(own)
    }

    /// Values are written the same way by every session, on both sides: copies and comparisons depend on it.
    private static func sessionSettings(
        _ url: Secret, _ settings: PostgresStoreSettings, name: String
    ) -> PostgresSessionSettings {
        var session = PostgresSessionSettings(url: url, applicationName: name)
        session.connectTimeout = settings.limits.connectTimeout
        session.statementTimeout = settings.limits.statementTimeout
        session.idleInTransactionTimeout = settings.limits.idleInTransactionTimeout
        session.setUp = [
            "SET datestyle = 'ISO, MDY'", "SET intervalstyle = 'postgres'", "SET timezone = 'UTC'",
            "SET extra_float_digits = 3", "SET bytea_output = 'hex'", "SET lc_monetary = 'C'",
            "SET client_min_messages = 'error'", "SET default_transaction_isolation = 'read committed'",
            "SET default_transaction_read_only = off", "SET row_security = off", "SET jit = off",
            "SET search_path = \((settings.schemas + ["pg_catalog"]).map(SQLText.name).joined(separator: ", "))",
            "SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
            "SET tcp_user_timeout = 15000",
        ]
        return session
    }

    // MARK: Running

    /// Runs `body` on a session, and says what went wrong in the mover's words.
    /// - Parameter isFresh: on one that is made for it.
    func use<Value>(
        _ what: String, isFresh: Bool = false, _ body: (PostgresSession) async throws -> Value
    ) async throws(MigrationError) -> Value {
        do {
            return try await isFresh ? sessions.useNew(body) : sessions.use(body)
        } catch { throw migrationError(error, what) }
    }

    /// Runs statements on a session, and nothing more.
    func run(_ what: String, _ sql: String) async throws(MigrationError) -> [PostgresReply] {
        try await use(what) { session in try await session.run(sql) }
    }

    /// One value that the server has written as JSON.
    func json<Value: Decodable & Sendable>(
        _ type: Value.Type, _ what: String, _ sql: String
    ) async throws(MigrationError) -> Value {
        let text = try await run(what, sql).last?.value ?? ""
        return try StoreJSON.decode(type, text, what: "\(title): \(what)")
    }

    /// A statement that changes tables: stands before others for a moment only, and is tried again and again (H28).
    func changeSchema(_ what: String, _ sql: String) async throws(MigrationError) {
        let deadline = ContinuousClock.now + settings.limits.schemaPatience
        var pause = Duration.milliseconds(20)
        while true {
            do {
                let lock = "SET LOCAL lock_timeout = \(settings.limits.schemaLockTimeout.wholeMilliseconds)"
                _ = try await sessions.use { session in try await session.run("BEGIN;\(lock);\(sql);COMMIT") }
                return
            } catch let error as PostgresSessionError
                where error.sqlState == "55P03" && ContinuousClock.now < deadline
            {
                try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
                pause = min(pause * 2, .seconds(3))
                if Task.isCancelled { throw migrationError(error, what) }
            } catch { throw migrationError(error, what) }
        }
    }

    /// Makes our tables, unless they are there.
    func makeSchema() async throws(MigrationError) {
        guard !isMade.withLock({ $0 }) else { return }
        let id = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        try await use("making the schema residency") { session in
            if try await session.run(StoreSchema.isThere).last?.value == "t" { return }
            try await session.run("BEGIN;\(StoreSchema.statements);\(StoreSchema.fill(id: id));COMMIT")
        }
        isMade.withLock { $0 = true }
    }

    /// As people read it in errors.
    var title: String { "the store \(settings.name) in \(region)" }
}
