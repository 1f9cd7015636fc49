import Foundation
import GRDB

/// The sample app's own data, in its own SQLite file. It knows one region: its own, without knowing which.
///
/// Every change of a tenant's rows goes through ``change(of:_:key:_:)``, which is all that an app has to do so that its
/// tenants can be moved: it refuses what must not be written now, and notes what has to follow a copy.
struct SQLiteSampleStore: SampleStore {
    let database: DatabaseQueue

    /// Opens or makes the file; `:memory:` for none.
    init(path: String) throws {
        database = try DatabaseQueue(path: path)
        try database.write { db in
            // Notes are numbered for each tenant: whoever moves meets nobody's numbers in another region.
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS tenant (
                        name TEXT PRIMARY KEY, site TEXT, product TEXT, state TEXT, installed_at TEXT,
                        visits INTEGER NOT NULL DEFAULT 0, webhooks INTEGER NOT NULL DEFAULT 0);
                    CREATE TABLE IF NOT EXISTS tenant_note (
                        tenant TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
                        PRIMARY KEY (tenant, number)) WITHOUT ROWID;
                    """)
            try SampleMoves.makeTables(db)
        }
    }

    /// Changes one row of a tenant's.
    private func change(
        of tenant: String, _ collection: SampleCollection, key: @Sendable @escaping (Database) throws -> String,
        _ work: @Sendable @escaping (Database) throws -> Void
    ) async throws {
        try await database.write { db in
            let follows = try SampleMoves.admit(tenant, db)
            let key = try key(db)
            try work(db)
            if let follows { try SampleMoves.note(collection, key, of: follows, db) }
        }
    }

    /// A lifecycle callback.
    func record(_ event: String, tenant: String, site: String?, product: String?) async throws {
        try await change(of: tenant, .tenant, key: { _ in tenant }) { db in
            try db.execute(
                sql: """
                    INSERT INTO tenant (name, site, product, state, installed_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET state = excluded.state,
                        site = coalesce(excluded.site, site), product = coalesce(excluded.product, product)
                    """,
                arguments: [tenant, site, product, event, Self.now()])
        }
    }

    /// A page is shown while its tenant's data moves, and not counted.
    func countVisit(of tenant: String) async throws {
        do { try await count("visits", of: tenant) } catch is SampleMoving {}
    }

    func countWebhook(of tenant: String) async throws { try await count("webhooks", of: tenant) }

    private func count(_ column: String, of tenant: String) async throws {
        try await change(of: tenant, .tenant, key: { _ in tenant }) { db in
            try db.execute(
                sql: """
                    INSERT INTO tenant (name, \(column)) VALUES (?, 1)
                    ON CONFLICT (name) DO UPDATE SET \(column) = \(column) + 1
                    """, arguments: [tenant])
        }
    }

    func addNote(_ text: String, of tenant: String) async throws {
        try await change(
            of: tenant, .notes,
            key: { db in SampleCollection.noteKey(tenant, try Self.nextNumber(of: tenant, db)) }
        ) { db in
            try db.execute(
                sql: "INSERT INTO tenant_note (tenant, number, text, at) VALUES (?, ?, ?, ?)",
                arguments: [tenant, try Self.nextNumber(of: tenant, db), text, Self.now()])
        }
    }

    private static func nextNumber(of tenant: String, _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "SELECT coalesce(max(number), 0) + 1 FROM tenant_note WHERE tenant = ?", arguments: [tenant]) ?? 1
    }

    func summary(of tenant: String) async throws -> SampleSummary {
        try await database.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT * FROM tenant WHERE name = ?", arguments: [tenant])
            let notes = try String.fetchAll(
                db, sql: "SELECT text FROM tenant_note WHERE tenant = ? ORDER BY number DESC LIMIT 20",
                arguments: [tenant])
            return SampleSummary(
                site: row?["site"], product: row?["product"], installedAt: row?["installed_at"],
                visits: row?["visits"] ?? 0, webhooks: row?["webhooks"] ?? 0, notes: notes)
        }
    }

    /// All notes of a tenant, the oldest first.
    func allNotes(of tenant: String) async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(
                db, sql: "SELECT text FROM tenant_note WHERE tenant = ? ORDER BY number", arguments: [tenant])
        }
    }

    private static func now() -> String { Date().formatted(.iso8601) }
}
