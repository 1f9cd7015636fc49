import GRDB
import RealmMigration

/// What the app's store keeps of a tenant that moves, or has moved: who may act, and whether the app may write.
///
/// It only moves forward: an epoch, a generation and an attempt never fall, and what comes late is refused.
struct SampleTenantRow: Sendable {
    var state = StoreClaim.State.open
    var epoch: Int64 = 0
    var generation: Int64 = 0
    var attempt: Int64 = 0
    var migration = ""
    var directory = ""
    var token: String?
    /// The side and the attempt that were prepared here, as `source/1`; empty for none.
    var prepared = ""
    /// Changes are noted, for a copy that is followed.
    var isFollowed = false

    var claim: StoreClaim {
        StoreClaim(
            state: state, epoch: epoch, generation: generation, attempt: attempt, migration: migration, token: token)
    }

    /// - Returns: `nil` for a tenant that has never moved.
    static func read(_ tenant: String, _ db: Database) throws -> SampleTenantRow? {
        guard
            let row = try Row.fetchOne(db, sql: "SELECT * FROM residency_tenant WHERE tenant = ?", arguments: [tenant])
        else { return nil }
        return SampleTenantRow(
            state: StoreClaim.State(rawValue: row["state"]) ?? .fenced, epoch: row["epoch"],
            generation: row["generation"], attempt: row["attempt"], migration: row["migration"],
            directory: row["directory"], token: row["token"], prepared: row["prepared"], isFollowed: row["followed"])
    }

    /// The row of a tenant that this move, this generation and this attempt may act upon.
    static func require(_ move: SampleMove, _ db: Database) throws -> SampleTenantRow {
        guard let row = try read(move.tenant, db), row.migration == move.migration, row.directory == move.directory,
            row.generation == move.generation, row.attempt == move.attempt
        else {
            throw SampleRefusal(.overtaken, "the tenant's row is another migration's, generation's or attempt's")
        }
        return row
    }

    func write(_ tenant: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO residency_tenant
                    (tenant, state, epoch, generation, attempt, migration, directory, token, prepared, followed)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                tenant, state.rawValue, epoch, generation, attempt, migration, directory, token, prepared, isFollowed,
            ])
    }
}
