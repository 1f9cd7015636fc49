package import TenantDirectory

extension PostgresSide {
    /// Makes a copy of another region's database a store of its own (H29): takes away what migrations of the original
    /// have left in it, empties our tables, and gives it a new id. Nothing of the app's is touched.
    /// - Parameter others: the databases of the other regions.
    /// - Returns: the region that it was a copy of.
    /// - Throws: `.blocked` where it is no copy of any of them.
    package func adopt(among others: [PostgresSide]) async throws(MigrationError) -> Region {
        guard let id = try await storeID() else {
            throw MigrationError(.blocked, "\(title) is nobody's yet: it takes an id when a tenant first moves.")
        }
        var original: PostgresSide?
        for other in others where try await other.storeID() == id { original = other }
        guard let original else {
            throw MigrationError(.blocked, "\(title) has an id that no other region's has: there is nothing to adopt.")
        }
        let nonce = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        _ = try await original.probe(writing: nonce)
        guard try await probe(writing: nil)?.nonce != nonce else {
            throw MigrationError(.blocked, "\(title) and \(original.title) are one database under two names.")
        }
        for short in try await allShorts() {
            try await dropChanges(StoreNames(directory: "", short: short))
            try await dropObjects(short)
        }
        let fresh = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        _ = try await run(
            "adopting",
            """
            BEGIN;TRUNCATE residency.tenant, residency.move, residency.cursor;\
            UPDATE residency.store SET id = '\(fresh)', nonce = '';COMMIT
            """)
        return original.region
    }

    /// Of every migration, of any directory, that has left something here.
    private func allShorts() async throws(MigrationError) -> [String] {
        let reply = try await run(
            "looking for what is ours",
            """
            SELECT DISTINCT substring(name FROM '[0-9a-f]{8}_[0-9a-f]{12}') FROM (
                SELECT slot_name::text AS name FROM pg_replication_slots WHERE database = current_database()
                UNION ALL SELECT pubname::text FROM pg_publication
                UNION ALL SELECT tgname::text FROM pg_trigger WHERE left(tgname, 13) = 'zz_residency_'
                UNION ALL SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('residency')
                UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace('residency')) o
            WHERE name ~ '[0-9a-f]{8}_[0-9a-f]{12}' AND name ~ 'residency|gate|refused|skipped|fence|staged|kept|off'
            ORDER BY 1
            """)
        return reply.last?.rows.compactMap { $0.first ?? nil } ?? []
    }
}
