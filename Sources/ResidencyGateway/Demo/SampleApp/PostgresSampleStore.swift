import Foundation
import Synchronization
import TenantDirectory

/// The sample app's data in a PostgreSQL database, in tables that can be moved live: the tenant stands in every key.
final class PostgresSampleStore: SampleStore {
    private static let sessionCount = 4
    private static let tables = """
        CREATE TABLE IF NOT EXISTS tenant (
            name text PRIMARY KEY, site text, product text, state text, installed_at timestamptz,
            visits bigint NOT NULL DEFAULT 0, webhooks bigint NOT NULL DEFAULT 0);
        CREATE TABLE IF NOT EXISTS note (
            tenant text NOT NULL, id uuid NOT NULL, text text NOT NULL, at timestamptz NOT NULL,
            PRIMARY KEY (tenant, id));
        """

    private let sessions: [PostgresSession]
    private let next = Atomic(0)

    /// Opens the database, and makes the tables that are not there.
    /// - Parameter url: as libpq reads it.
    /// - Throws: `PostgresSessionError`.
    init(url: String) async throws {
        let settings = PostgresSessionSettings(url: Secret(Array(url.utf8)), applicationName: "sample-app")
        sessions = (0..<Self.sessionCount).map { _ in PostgresSession(settings) }
        for session in sessions { try await session.open() }
        _ = try await run(Self.tables)
    }

    func record(_ event: String, tenant: String, site: String?, product: String?) async throws {
        let values = [tenant, site, product, event].map { SQLText.literal($0) }.joined(separator: ", ")
        _ = try await run(
            """
            INSERT INTO tenant (name, site, product, state, installed_at) VALUES (\(values), now())
            ON CONFLICT (name) DO UPDATE SET state = excluded.state,
                site = coalesce(excluded.site, tenant.site), product = coalesce(excluded.product, tenant.product)
            """)
    }

    func countVisit(of tenant: String) async throws { try await count("visits", of: tenant) }

    func countWebhook(of tenant: String) async throws { try await count("webhooks", of: tenant) }

    private func count(_ column: String, of tenant: String) async throws {
        _ = try await run(
            """
            INSERT INTO tenant (name, \(column)) VALUES (\(SQLText.literal(tenant)), 1)
            ON CONFLICT (name) DO UPDATE SET \(column) = tenant.\(column) + 1
            """)
    }

    func addNote(_ text: String, of tenant: String) async throws {
        let values = [tenant, UUID().uuidString, text].map { SQLText.literal($0) }.joined(separator: ", ")
        _ = try await run("INSERT INTO note (tenant, id, text, at) VALUES (\(values), clock_timestamp())")
    }

    func summary(of tenant: String) async throws -> SampleSummary {
        let name = SQLText.literal(tenant)
        let replies = try await run(
            """
            SELECT site, product, to_char(installed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), visits, \
            webhooks FROM tenant WHERE name = \(name);
            SELECT text FROM note WHERE tenant = \(name) ORDER BY at DESC, id LIMIT 20
            """)
        let (about, notes) = (replies.first ?? PostgresReply(), replies.last ?? PostgresReply())
        return SampleSummary(
            site: about[0, 0], product: about[0, 1], installedAt: about[0, 2],
            visits: about[0, 3].flatMap(Int.init) ?? 0, webhooks: about[0, 4].flatMap(Int.init) ?? 0,
            notes: notes.rows.compactMap { $0.first ?? nil })
    }

    /// Runs statements on one of the sessions. One that has broken since is opened again before it is used, never
    /// after: nobody knows then what was committed.
    private func run(_ sql: String) async throws -> [PostgresReply] {
        let number = next.wrappingAdd(1, ordering: .relaxed).newValue
        let session = sessions[(number & .max) % sessions.count]
        if await !session.isIdle { try await session.open() }
        return try await session.run(sql)
    }
}
