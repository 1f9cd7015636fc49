import GRDB
import RealmMigration
import TenantDirectory

/// The contract, from the first look to what is made and taken away for a move.
extension SQLiteSampleStore {
    func survey(_ move: SampleMove) async throws -> JSONValue {
        try await database.read { db in
            var blockers: [JSONValue] = []
            if move.isTarget, try SampleTenantRow.read(move.tenant, db)?.state ?? .open == .open {
                let rows = try SampleMoves.rows(of: move.names, db)
                if rows > 0 {
                    blockers.append([
                        "code": "leftovers", "message": .text("\(rows) rows of the tenant are here already"),
                        "remedy": "Look at them, and delete them where they are of no use.",
                    ])
                }
            }
            return [
                "storeId": .text(try SampleMoves.storeID(db)), "schema": "sample-2", "fence": true,
                "collections": try Self.collections(move, db), "blockers": .array(blockers),
            ]
        }
    }

    func collections(_ move: SampleMove) async throws -> JSONValue {
        try await database.read { db in ["collections": try Self.collections(move, db)] }
    }

    private static func collections(_ move: SampleMove, _ db: Database) throws -> JSONValue {
        .array(
            try SampleCollection.allCases.map { collection in
                [
                    "name": .text(collection.rawValue), "live": true,
                    "rows": .number(Int(try collection.count(of: move.names, db))),
                    "bytes": .number(Int(try collection.bytes(of: move.names, db))),
                ]
            })
    }

    /// - Returns: the row as it was.
    func claim(_ move: SampleMove) async throws -> JSONValue {
        try await database.write { db in
            let before = try SampleTenantRow.read(move.tenant, db) ?? SampleTenantRow()
            if try Self.mayClaim(move, before, db) {
                var row = before
                row.migration = move.migration
                row.directory = move.directory
                row.generation = move.generation
                row.attempt = move.attempt
                if before.migration != move.migration {
                    row.prepared = ""
                    row.isFollowed = false
                    row.token = nil
                }
                try row.write(move.tenant, db)
                for name in move.names {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO residency_name (name, tenant) VALUES (?, ?)",
                        arguments: [name, move.tenant])
                }
            }
            let claim = before.claim
            return [
                "state": .text(claim.state.rawValue), "epoch": .number(Int(claim.epoch)),
                "generation": .number(Int(claim.generation)), "attempt": .number(Int(claim.attempt)),
                "migration": .text(claim.migration), "token": claim.token.map { .text($0) } ?? .null,
            ]
        }
    }

    private static func mayClaim(_ move: SampleMove, _ row: SampleTenantRow, _ db: Database) throws -> Bool {
        guard !row.migration.isEmpty else { return true }
        guard row.directory == move.directory else {
            throw SampleRefusal(.overtaken, "the tenant's row is another directory's")
        }
        if row.migration == move.migration { return row.generation <= move.generation && row.attempt <= move.attempt }
        switch row.state {
        case .open: break
        case .moved, .purging:
            guard try SampleMoves.rows(of: move.names, db) == 0 else {
                throw SampleRefusal(.overtaken, "the rows that an earlier migration left here have not been deleted")
            }
        case .fenced, .arriving, .sealed: throw SampleRefusal.past(row, "another migration")
        }
        return row.generation < move.generation
    }

    func prepare(_ move: SampleMove) async throws {
        let isLive = try move.text("mode") == "live"
        try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            guard row.prepared != move.preparation else { return }
            if move.isTarget {
                guard row.state != .sealed, row.state != .fenced else { throw SampleRefusal.past(row, "preparing") }
                // Rows of a tenant that has left are old, and nobody serves them.
                if row.state == .open, try SampleMoves.rows(of: move.names, db) > 0 {
                    throw SampleRefusal(.blocked, "rows of the tenant are here already; look at them, and delete them")
                }
                row.state = .arriving
                row.token = nil
                for collection in SampleCollection.allCases {
                    _ = try collection.delete(of: move.names, limit: .max, db)
                }
                try SampleMoves.forgetCursors(of: move.tenant, db)
            } else {
                guard row.state == .open || row.state == .fenced else { throw SampleRefusal.past(row, "preparing") }
                row.isFollowed = isLive
                try SampleMoves.forgetChanges(of: move.tenant, db)
            }
            row.prepared = move.preparation
            try row.write(move.tenant, db)
        }
    }

    /// Takes away what was made, after a move that did not come about.
    func cleanUp(_ move: SampleMove) async throws {
        try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            if move.isTarget {
                guard row.state != .sealed, row.state != .open || row.token == nil else {
                    throw SampleRefusal.past(row, "cleaning up")
                }
                if row.state == .arriving {
                    for collection in SampleCollection.allCases {
                        _ = try collection.delete(of: move.names, limit: .max, db)
                    }
                    row.state = .open
                }
                try SampleMoves.forgetCursors(of: move.tenant, db)
            } else {
                if row.state == .fenced { row.state = .open }
                row.isFollowed = false
                try SampleMoves.forgetChanges(of: move.tenant, db)
            }
            row.prepared = ""
            try row.write(move.tenant, db)
        }
    }

    /// After a move that did: the tenant is served here.
    func finish(_ move: SampleMove) async throws {
        try await database.write { db in
            let row = try SampleTenantRow.require(move, db)
            guard row.state == .open else { throw SampleRefusal.past(row, "finishing") }
            try SampleMoves.forgetCursors(of: move.tenant, db)
        }
    }

    func purge(_ move: SampleMove) async throws -> JSONValue {
        let limit = try move.number("limit")
        return try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            guard row.state == .moved || row.state == .purging else { throw SampleRefusal.past(row, "a purge") }
            row.state = .purging
            row.isFollowed = false
            try row.write(move.tenant, db)
            var left = max(0, limit)
            for collection in SampleCollection.allCases where left > 0 {
                left -= try collection.delete(of: move.names, limit: left, db)
            }
            try SampleMoves.forgetChanges(of: move.tenant, db)
            return ["left": .number(Int(try SampleMoves.rows(of: move.names, db)))]
        }
    }
}
