import GRDB
import RealmMigration
import TenantDirectory

/// The contract's comparison. It reads the tables by itself: what was copied is not asked.
extension SQLiteSampleStore {
    /// The parts of the digests that changes between two cursors belong to.
    func changed(_ move: SampleMove) async throws -> JSONValue {
        let since = Int64(try move.text("since")) ?? 0
        let until = Int64(try move.text("until")) ?? 0
        return try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT DISTINCT collection, key FROM residency_change WHERE tenant = ? AND seq > ? AND seq <= ?",
                arguments: [move.tenant, since, until])
            var parts: [String: Set<Int>] = [:]
            for row in rows { parts[row["collection"], default: []].insert(SampleRow.part(of: row["key"])) }
            return ["parts": .object(parts.mapValues { .array($0.sorted().map { .number($0) }) })]
        }
    }

    /// For each collection the number of rows, and by part the sum of their hashes.
    func digests(_ move: SampleMove, _ body: [UInt8]) async throws -> JSONValue {
        guard let question = JSONValue(body), let hasher = Self.hasher(question) else {
            throw SampleRefusal(.blocked, "a digest needs a key")
        }
        return try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            var digests: [JSONValue] = []
            for wanted in question["collections"]?.elements ?? [] {
                guard let collection = wanted["name"]?.text.flatMap({ SampleCollection(rawValue: $0) }) else {
                    throw SampleRefusal(.blocked, "there is no such collection")
                }
                let asked = wanted["parts"].map { Set($0.elements.map(\.bytes)) }
                var sums = [UInt64?](repeating: nil, count: SampleRow.parts)
                for part in sums.indices where asked?.contains(JSONValue.number(part).bytes) ?? true { sums[part] = 0 }
                var count = 0
                try Self.each(collection, move, db) { row in
                    let part = SampleRow.part(of: row.key)
                    guard let sum = sums[part] else { return }
                    sums[part] = row.hash(hasher).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } &+ sum
                    count += 1
                }
                digests.append([
                    "name": .text(collection.rawValue), "rows": .number(count),
                    "sums": .array(sums.map { .text($0.map { String($0, radix: 16) } ?? "") }),
                ])
            }
            return ["digests": .array(digests)]
        }
    }

    /// The hash of each row of a part, by key.
    func rowHashes(_ move: SampleMove, _ body: [UInt8]) async throws -> JSONValue {
        guard let question = JSONValue(body), let hasher = Self.hasher(question), let part = question["part"],
            let collection = question["name"]?.text.flatMap({ SampleCollection(rawValue: $0) })
        else { throw SampleRefusal(.blocked, "hashes of rows need a key, a collection and a part") }
        return try await database.read { db in
            _ = try SampleTenantRow.require(move, db)
            var rows: [String: JSONValue] = [:]
            try Self.each(collection, move, db) { row in
                guard JSONValue.number(SampleRow.part(of: row.key)) == part else { return }
                rows[row.key] = .text(Hexadecimal.lowerCase(row.hash(hasher)))
            }
            return ["rows": .object(rows)]
        }
    }

    private static func hasher(_ question: JSONValue) -> HMACKey? {
        question["key"]?.text.flatMap { $0.isEmpty ? nil : HMACKey(Secret($0)) }
    }

    private static func each(
        _ collection: SampleCollection, _ move: SampleMove, _ db: Database, _ body: (SampleRow) throws -> Void
    ) throws {
        var last = ""
        while true {
            let rows = try collection.rows(of: move.names, after: last, limit: 500, db)
            for row in rows { try body(row) }
            guard rows.count == 500, let key = rows.last?.key else { return }
            last = key
        }
    }
}
