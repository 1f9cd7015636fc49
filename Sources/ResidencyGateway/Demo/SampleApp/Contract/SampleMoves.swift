import GRDB
import RealmMigration
import TenantDirectory

/// The tables with which the app takes part in moves, and what every write of the app asks of them.
enum SampleMoves {
    static func makeTables(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS residency_store (id TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS residency_tenant (
                    tenant TEXT PRIMARY KEY, state TEXT NOT NULL, epoch INTEGER NOT NULL, generation INTEGER NOT NULL,
                    attempt INTEGER NOT NULL, migration TEXT NOT NULL, directory TEXT NOT NULL, token TEXT,
                    prepared TEXT NOT NULL, followed BOOLEAN NOT NULL);
                CREATE TABLE IF NOT EXISTS residency_name (name TEXT PRIMARY KEY, tenant TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS residency_change (
                    seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, collection TEXT NOT NULL,
                    key TEXT NOT NULL);
                CREATE INDEX IF NOT EXISTS residency_change_tenant ON residency_change (tenant, seq);
                CREATE TABLE IF NOT EXISTS residency_cursor (
                    tenant TEXT NOT NULL, collection TEXT NOT NULL, cursor TEXT NOT NULL, batch TEXT NOT NULL,
                    PRIMARY KEY (tenant, collection));
                """)
        if try String.fetchOne(db, sql: "SELECT id FROM residency_store") == nil {
            try db.execute(
                sql: "INSERT INTO residency_store (id) VALUES (?)",
                arguments: [Hexadecimal.lowerCase(SecureRandom.bytes(16))])
        }
    }

    static func storeID(_ db: Database) throws -> String {
        try String.fetchOne(db, sql: "SELECT id FROM residency_store") ?? ""
    }

    /// Asked in the transaction of every write: a fence that is up has waited for all that wrote before, and lets none
    /// pass after.
    /// - Returns: the tenant whose changes have to be noted; `nil` where none are followed.
    static func admit(_ name: String, _ db: Database) throws -> String? {
        guard
            let tenant = try String.fetchOne(
                db, sql: "SELECT tenant FROM residency_name WHERE name = ?", arguments: [name]),
            let row = try SampleTenantRow.read(tenant, db)
        else { return nil }
        guard row.state == .open else { throw SampleMoving() }
        return row.isFollowed ? tenant : nil
    }

    static func note(_ collection: SampleCollection, _ key: String, of tenant: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO residency_change (tenant, collection, key) VALUES (?, ?, ?)",
            arguments: [tenant, collection.rawValue, key])
    }

    static func forgetChanges(of tenant: String, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM residency_change WHERE tenant = ?", arguments: [tenant])
    }

    static func forgetCursors(of tenant: String, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM residency_cursor WHERE tenant = ?", arguments: [tenant])
    }

    /// How many rows of the tenant are here.
    static func rows(of names: [String], _ db: Database) throws -> Int64 {
        try SampleCollection.allCases.reduce(0) { $0 + (try $1.count(of: names, db)) }
    }
}
