import GRDB
import RealmMigration
import TenantDirectory

/// The contract, from the first row to the last change.
extension SQLiteSampleStore {
    /// Rows on their way, with what the fields of the answer say.
    struct Outgoing: Sendable {
        var after: String
        var isLast: Bool
        var rows: Int
        var body: [UInt8]
    }

    /// The cursor behind the last row of a collection.
    private static let end = "end"

    func export(_ move: SampleMove) async throws -> Outgoing {
        let collection = try move.collection()
        let (after, bytes) = (try move.text("after"), Int(try move.number("bytes")))
        return try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            guard after != Self.end else { return Outgoing(after: after, isLast: true, rows: 0, body: []) }
            var last = try Self.key(at: after)
            var outgoing = Outgoing(after: Self.end, isLast: true, rows: 0, body: [])
            // The cursor of a row is its key, in letters that need no care on the way.
            while true {
                let rows = try collection.rows(of: move.names, after: last, limit: 200, db)
                for row in rows {
                    outgoing.body += row.line
                    outgoing.rows += 1
                    last = row.key
                    if outgoing.body.count >= bytes {
                        outgoing.after = Base64URL.encode(Array(last.utf8))
                        outgoing.isLast = false
                        return outgoing
                    }
                }
                if rows.count < 200 { return outgoing }
            }
        }
    }

    private static func key(at cursor: String) throws -> String {
        guard let bytes = Base64URL.decode(cursor) else { throw SampleRefusal(.restart, "the cursor is not known") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Each row that has changed after the cursor as it is now: it comes to the same in the end.
    /// - Returns: `nil` where nothing has changed, and the marker is not reached.
    func changes(_ move: SampleMove) async throws -> Outgoing? {
        let after = try move.text("after")
        guard let from = after.isEmpty ? 0 : Int64(after) else {
            throw SampleRefusal(.restart, "the cursor is not known")
        }
        let marker = move.optional("marker").flatMap { Int64($0) }
        return try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            let noted = try Row.fetchAll(
                db,
                sql: """
                    SELECT seq, collection, key FROM residency_change WHERE tenant = ? AND seq > ?
                    ORDER BY seq LIMIT 500
                    """,
                arguments: [move.tenant, from])
            let reached: Int64 = noted.last?["seq"] ?? from
            let isLast = marker.map { reached >= $0 } ?? false
            guard !noted.isEmpty || isLast else { return nil }
            var outgoing = Outgoing(after: "\(reached)", isLast: isLast, rows: 0, body: [])
            var seen: Set<String> = []
            for change in noted {
                let (name, key): (String, String) = (change["collection"], change["key"])
                guard let collection = SampleCollection(rawValue: name), seen.insert("\(name) \(key)").inserted else {
                    continue
                }
                outgoing.body += try collection.row(key, of: move.names, db).line
                outgoing.rows += 1
            }
            return outgoing
        }
    }

    func lag(_ move: SampleMove) async throws -> JSONValue {
        try await database.read { db in
            let row = try SampleTenantRow.require(move, db)
            let noted =
                try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM residency_change WHERE tenant = ? AND seq > ?",
                    arguments: [move.tenant, Self.confirmed(move, db)]) ?? 0
            return ["bytes": .number(noted * 200), "following": .bool(row.isFollowed)]
        }
    }

    /// Where the target is, as far as it has been confirmed here.
    private static func confirmed(_ move: SampleMove, _ db: Database) throws -> Int64 {
        try String.fetchOne(
            db, sql: "SELECT cursor FROM residency_cursor WHERE tenant = ? AND collection = 'confirmed'",
            arguments: [move.tenant]
        ).flatMap { Int64($0) } ?? 0
    }

    /// What has arrived need not be sent again. It is still looked at when rounds of comparison ask for it.
    func confirm(_ move: SampleMove) async throws {
        let cursor = try move.text("after")
        try await database.write { db in
            _ = try SampleTenantRow.require(move, db)
            try Self.put(cursor, "", for: "confirmed", of: move.tenant, db)
        }
    }

    // MARK: The target's side

    func cursors(_ move: SampleMove) async throws -> JSONValue {
        try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            let rows = try Row.fetchAll(
                db, sql: "SELECT collection, cursor FROM residency_cursor WHERE tenant = ?", arguments: [move.tenant])
            var cursors: [String: JSONValue] = [:]
            for row in rows { cursors[row["collection"]] = .text(row["cursor"]) }
            return ["cursors": .object(cursors)]
        }
    }

    /// Takes a batch and moves the cursor, in one transaction. A batch that has been taken is answered as it was.
    func take(_ move: SampleMove, _ body: [UInt8]) async throws -> JSONValue {
        let lane = try move.text("collection")
        let (before, after, batch) = (try move.text("before"), try move.text("after"), try move.text("batch"))
        let lines = body.split(separator: UInt8(ascii: "\n"))
        let rows = lines.compactMap { SampleRow(line: $0) }
        guard rows.count == lines.count, Int64(rows.count) == (try move.number("rows")) else {
            throw SampleRefusal(.differs, "the batch holds other rows than its number of them says")
        }
        return try await database.write { db in
            let row = try SampleTenantRow.require(move, db)
            guard row.state == .arriving else { throw SampleRefusal.past(row, "an import") }
            let known = try Row.fetchOne(
                db, sql: "SELECT cursor, batch FROM residency_cursor WHERE tenant = ? AND collection = ?",
                arguments: [move.tenant, lane])
            let cursor: String = known?["cursor"] ?? ""
            if known?["batch"] == batch, cursor == after { return ["cursor": .text(after)] }
            guard cursor == before else {
                throw SampleRefusal(.restart, "the batch follows another cursor than the one that \(lane) is at")
            }
            for row in rows { try row.collection.apply(row, of: move.names, db) }
            try Self.put(after, batch, for: lane, of: move.tenant, db)
            return ["cursor": .text(after)]
        }
    }

    private static func put(
        _ cursor: String, _ batch: String, for lane: String, of tenant: String, _ db: Database
    ) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO residency_cursor (tenant, collection, cursor, batch) VALUES (?, ?, ?, ?)",
            arguments: [tenant, lane, cursor, batch])
    }
}
