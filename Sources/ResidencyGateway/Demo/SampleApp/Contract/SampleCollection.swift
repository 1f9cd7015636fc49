import Foundation
import GRDB
import RealmMigration
import TenantDirectory

/// What of a tenant's data moves as one: a table. A row is a line of JSON with its key, and the same on both sides.
enum SampleCollection: String, CaseIterable, Sendable {
    case tenant
    case notes

    private var table: String { self == .tenant ? "tenant" : "tenant_note" }

    /// The column that says whose row it is.
    private var owner: String { self == .tenant ? "name" : "tenant" }

    /// A row's key, and an order of them: the tenant's name, and the number with zeros in front.
    private var key: String {
        self == .tenant ? "name" : "tenant || '/' || printf('%012d', number)"
    }

    static func noteKey(_ tenant: String, _ number: Int64) -> String {
        "\(tenant)/" + String(repeating: "0", count: max(0, 12 - "\(number)".count)) + "\(number)"
    }

    // MARK: Reading

    func count(of names: [String], _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "SELECT count(*) FROM \(table) WHERE \(owner) IN (\(Self.marks(names)))",
            arguments: StatementArguments(names)) ?? 0
    }

    func bytes(of names: [String], _ db: Database) throws -> Int64 {
        let size = self == .tenant ? "200" : "length(text) + 40"
        return try Int64.fetchOne(
            db,
            sql: "SELECT coalesce(sum(\(size)), 0) FROM \(table) WHERE \(owner) IN (\(Self.marks(names)))",
            arguments: StatementArguments(names)) ?? 0
    }

    /// The rows after a key, in the order of keys.
    func rows(of names: [String], after key: String, limit: Int, _ db: Database) throws -> [SampleRow] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT *, \(self.key) AS residency_key FROM \(table)
                WHERE \(owner) IN (\(Self.marks(names))) AND \(self.key) > ? ORDER BY \(self.key) LIMIT ?
                """,
            arguments: StatementArguments(names) + [key, limit]
        ).map { SampleRow(collection: self, key: $0["residency_key"], values: values($0)) }
    }

    /// A row as it is now; without values where there is none.
    func row(_ key: String, of names: [String], _ db: Database) throws -> SampleRow {
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM \(table) WHERE \(owner) IN (\(Self.marks(names))) AND \(self.key) = ?",
            arguments: StatementArguments(names) + [key])
        return SampleRow(collection: self, key: key, values: row.map(values))
    }

    private func values(_ row: Row) -> [String: JSONValue] {
        func text(_ column: String) -> JSONValue { (row[column] as String?).map { .text($0) } ?? .null }
        func number(_ column: String) -> JSONValue { .number(row[column] ?? 0) }
        switch self {
        case .tenant:
            return [
                "site": text("site"), "product": text("product"), "state": text("state"),
                "installedAt": text("installed_at"), "visits": number("visits"), "webhooks": number("webhooks"),
            ]
        case .notes: return ["text": text("text"), "at": text("at")]
        }
    }

    // MARK: Writing

    /// Makes a row what it was on the other side. The key must be of one of these names.
    func apply(_ row: SampleRow, of names: [String], _ db: Database) throws {
        guard let name = names.first(where: { self == .tenant ? row.key == $0 : row.key.hasPrefix("\($0)/") }) else {
            throw SampleRefusal(.blocked, "a row of \(rawValue) is not of the tenant that moves")
        }
        let number = Int64(row.key.dropFirst(name.utf8.count + 1)) ?? 0
        if self == .tenant {
            try db.execute(sql: "DELETE FROM tenant WHERE name = ?", arguments: [name])
        } else {
            guard number > 0 else { throw SampleRefusal(.blocked, "a note has no number") }
            try db.execute(
                sql: "DELETE FROM tenant_note WHERE tenant = ? AND number = ?", arguments: [name, number])
        }
        guard let values = row.values else { return }
        switch self {
        case .tenant:
            try db.execute(
                sql: """
                    INSERT INTO tenant (name, site, product, state, installed_at, visits, webhooks)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    name, values["site"]?.text, values["product"]?.text, values["state"]?.text,
                    values["installedAt"]?.text, values["visits"]?.whole ?? 0, values["webhooks"]?.whole ?? 0,
                ])
        case .notes:
            try db.execute(
                sql: "INSERT INTO tenant_note (tenant, number, text, at) VALUES (?, ?, ?, ?)",
                arguments: [name, number, values["text"]?.text ?? "", values["at"]?.text ?? ""])
        }
    }

    /// Deletes up to so many rows.
    func delete(of names: [String], limit: Int64, _ db: Database) throws -> Int64 {
        try db.execute(
            sql: """
                DELETE FROM \(table) WHERE \(owner) IN (\(Self.marks(names))) AND \(key) IN (
                    SELECT \(key) FROM \(table) WHERE \(owner) IN (\(Self.marks(names))) LIMIT ?)
                """, arguments: StatementArguments(names) + StatementArguments(names) + [limit])
        return Int64(db.changesCount)
    }

    private static func marks(_ names: [String]) -> String { names.map { _ in "?" }.joined(separator: ", ") }
}

extension JSONValue {
    fileprivate var whole: Int? {
        if case .number(let number) = self { return number }
        return nil
    }
}
