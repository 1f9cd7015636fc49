import Foundation
import GRDB

/// The sample app's data in an SQLite file of its own.
struct SQLiteSampleStore: SampleStore {
    private let database: DatabaseQueue

    /// Opens or makes the file; `:memory:` for none.
    init(path: String) throws {
        database = try DatabaseQueue(path: path)
        try database.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS tenant (
                        name TEXT PRIMARY KEY, site TEXT, product TEXT, state TEXT, installed_at TEXT,
                        visits INTEGER NOT NULL DEFAULT 0, webhooks INTEGER NOT NULL DEFAULT 0);
                    CREATE TABLE IF NOT EXISTS note (
                        id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL);
                    """)
        }
    }

    /// A lifecycle callback.
    func record(_ event: String, tenant: String, site: String?, product: String?) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO tenant (name, site, product, state, installed_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET state = excluded.state,
                        site = coalesce(excluded.site, site), product = coalesce(excluded.product, product)
                    """,
                arguments: [tenant, site, product, event, Self.now()])
        }
    }

    func countVisit(of tenant: String) async throws { try await count("visits", of: tenant) }

    func countWebhook(of tenant: String) async throws { try await count("webhooks", of: tenant) }

    private func count(_ column: String, of tenant: String) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO tenant (name, \(column)) VALUES (?, 1)
                    ON CONFLICT (name) DO UPDATE SET \(column) = \(column) + 1
                    """, arguments: [tenant])
        }
    }

    func addNote(_ text: String, of tenant: String) async throws {
        try await database.write { db in
            try db.execute(
                sql: "INSERT INTO note (tenant, text, at) VALUES (?, ?, ?)", arguments: [tenant, text, Self.now()])
        }
    }

    func summary(of tenant: String) async throws -> SampleSummary {
        try await database.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT * FROM tenant WHERE name = ?", arguments: [tenant])
            let notes = try String.fetchAll(
                db, sql: "SELECT text FROM note WHERE tenant = ? ORDER BY id DESC LIMIT 20", arguments: [tenant])
            return SampleSummary(
                site: row?["site"], product: row?["product"], installedAt: row?["installed_at"],
                visits: row?["visits"] ?? 0, webhooks: row?["webhooks"] ?? 0, notes: notes)
        }
    }

    private static func now() -> String { Date().formatted(.iso8601) }
}
