import GRDB
import RealmMigration
import TenantDirectory

/// The contract's pause: the fence, the marker, the seal, the decision.
extension SQLiteSampleStore {
    /// The app's writes stop. One connection writes, so that every transaction before this one is over; it is on disk
    /// before it is answered.
    func freeze(_ move: SampleMove) async throws {
        let epoch = try move.number("epoch")
        let mustBeFrozen = move.flag("frozen")
        try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            switch row.state {
            case .open where mustBeFrozen:
                throw SampleRefusal(.restart, "the tenant's writes have gone on since the copy began")
            case .fenced where row.epoch == epoch: return
            case .open where row.epoch < epoch, .fenced where row.epoch < epoch:
                row.state = .fenced
                row.epoch = epoch
                try row.write(move.tenant, db)
            default: throw SampleRefusal.past(row, "a freeze of epoch \(epoch)")
            }
        }
    }

    /// The last change there is. Of a copy that is not followed there is none.
    func mark(_ move: SampleMove) async throws -> JSONValue {
        try await database.read { db in
            let row = try SampleTenantRow.require(move, db)
            guard row.isFollowed else { return ["marker": ""] }
            let last =
                try Int64.fetchOne(
                    db, sql: "SELECT coalesce(max(seq), 0) FROM residency_change WHERE tenant = ?",
                    arguments: [move.tenant]) ?? 0
            return ["marker": .text("\(last)")]
        }
    }

    /// One statement decides: whoever comes second is told how.
    func decide(_ move: SampleMove, _ body: [UInt8]) async throws -> JSONValue {
        let epoch = try move.number("epoch")
        let wanted = JSONValue(body)
        guard let decision = wanted?["decision"]?.text, decision == "open" || decision == "moved" else {
            throw SampleRefusal(.blocked, "a decision is open or moved")
        }
        let token = wanted?["token"]?.text
        return try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            guard row.epoch <= epoch else { throw SampleRefusal.past(row, "a decision of epoch \(epoch)") }
            switch row.state {
            case .moved: break
            case .fenced, .open:
                if decision == "open" {
                    // A freeze of this epoch that is still on its way comes too late.
                    row.state = .open
                    row.epoch = epoch
                } else if row.state == .fenced, row.epoch == epoch, let token {
                    row.state = .moved
                    row.token = token
                }
                try row.write(move.tenant, db)
            case .arriving, .sealed, .purging: throw SampleRefusal.past(row, "a decision")
            }
            guard row.state == .moved else { return ["decision": "open"] }
            return ["decision": "moved", "token": row.token.map { .text($0) } ?? .null]
        }
    }

    // MARK: The target's side

    func seal(_ move: SampleMove) async throws -> JSONValue {
        let epoch = try move.number("epoch")
        return try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            if row.state == .sealed, row.epoch == epoch, let token = row.token { return ["token": .text(token)] }
            guard row.state == .arriving, row.epoch < epoch else { throw SampleRefusal.past(row, "a seal of \(epoch)") }
            let token = Hexadecimal.lowerCase(SecureRandom.bytes(16))
            row.state = .sealed
            row.epoch = epoch
            row.token = token
            try row.write(move.tenant, db)
            return ["token": .text(token)]
        }
    }

    func open(_ move: SampleMove, _ body: [UInt8]) async throws {
        let epoch = try move.number("epoch")
        let token = JSONValue(body)?["token"]?.text
        try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            if row.state == .open, row.epoch == epoch + 1, row.token == token { return }
            guard row.state == .sealed, row.epoch == epoch, row.token == token, token != nil else {
                throw SampleRefusal.past(row, "opening at epoch \(epoch)")
            }
            row.state = .open
            row.epoch = epoch + 1
            try row.write(move.tenant, db)
        }
    }

    func unseal(_ move: SampleMove) async throws {
        try await database.write { db in
            var row = try SampleTenantRow.require(move, db)
            guard row.state == .sealed || row.state == .arriving else { throw SampleRefusal.past(row, "unsealing") }
            row.state = .arriving
            row.token = nil
            try row.write(move.tenant, db)
        }
    }
}
