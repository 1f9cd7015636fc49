import TenantDirectory
import TestSupport

@testable import RealmMigration

/// Two regional databases with the same tables, and the stores that move a tenant from one to the other.
struct TwoDatabases {
    let cluster: PostgresCluster
    /// Names of the databases.
    let source: String
    let target: String
    let settings: PostgresStoreSettings

    /// - Parameters:
    ///   - schema: statements that make the tables, in both.
    ///   - user: the mover's role; it is the owner of the databases unless the schema says otherwise.
    init(
        _ schema: String, user: String = PostgresCluster.user,
        _ change: (inout PostgresStoreSettings) -> Void = { _ in }
    ) async throws {
        cluster = try await PostgresCluster.sharedForDecoding()
        source = try await cluster.newDatabase()
        target = try await cluster.newDatabase()
        try await cluster.sql(schema, in: source)
        try await cluster.sql(schema, in: target)
        var settings = PostgresStoreSettings(
            name: "main",
            urls: [
                .sampleSource: Secret(cluster.url(user: user, database: source)),
                .sampleTarget: Secret(cluster.url(user: user, database: target)),
            ])
        settings.limits.connectTimeout = .seconds(60)
        settings.limits.statementTimeout = .seconds(60)
        settings.limits.idleInTransactionTimeout = .seconds(60)
        change(&settings)
        self.settings = settings
    }

    func sourceStore() throws -> PostgresSourceStore {
        PostgresSourceStore(try PostgresSide(settings, region: .sampleSource))
    }

    func targetStore() throws -> PostgresTargetStore {
        PostgresTargetStore(try PostgresSide(settings, region: .sampleTarget))
    }

    @discardableResult
    func atSource(_ sql: String) async throws -> String { try await cluster.sql(sql, in: source) }

    @discardableResult
    func atTarget(_ sql: String) async throws -> String { try await cluster.sql(sql, in: target) }

    /// A session as the app has one.
    func appSession(at database: String) async throws -> PostgresSession {
        var settings = PostgresSessionSettings(url: Secret(cluster.url(database: database)), applicationName: "app")
        settings.connectTimeout = .seconds(60)
        settings.statementTimeout = .seconds(60)
        settings.lockTimeout = .seconds(60)
        settings.idleInTransactionTimeout = .zero
        let session = PostgresSession(settings)
        try await session.open()
        return session
    }

    /// What the mover has made in a database and not taken away: names of objects and slots.
    func leftovers(in database: String) async throws -> String {
        try await cluster.sql(
            """
            SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE 'zz_residency%'
            UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = to_regnamespace('residency')
            UNION ALL SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = to_regnamespace('residency')
                AND relname ~ '_[0-9a-f]{8}_[0-9a-f]{12}'
            UNION ALL SELECT 'publication ' || pubname FROM pg_publication
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
            UNION ALL SELECT 'move ' || migration FROM residency.move
            UNION ALL SELECT 'cursor ' || lane FROM residency.cursor
            """, in: database)
    }
}
