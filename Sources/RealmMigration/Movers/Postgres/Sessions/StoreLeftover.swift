import TenantDirectory

/// What a migration has left in a store.
package struct StoreLeftover: Sendable, Equatable {
    /// As its objects are called.
    package let short: String
    /// Where the store remembers it; `nil` where only objects are left.
    package let migration: String?
    package let tenant: String?
    /// Names of slots, publications, triggers, tables.
    package let objects: [String]
}

extension PostgresSide {
    /// What migrations of a directory have left in this database, those under way among them. Whoever asks compares
    /// with the directory, never with a mirror of it (H1).
    package func leftovers(directory: String) async throws(MigrationError) -> [StoreLeftover] {
        let prefix = StoreNames(directory: directory, migration: "").directory
        let rows =
            try await run(
                "looking for leftovers",
                """
                SELECT name, substring(name FROM '\(prefix)_[0-9a-f]{12}') FROM (
                    SELECT 'slot ' || slot_name AS name FROM pg_replication_slots WHERE database = current_database()
                    UNION ALL SELECT 'publication ' || pubname FROM pg_publication
                    UNION ALL SELECT DISTINCT 'triggers on ' || g.tgrelid::regclass || ' ' || left(g.tgname, -2)
                        FROM pg_trigger g WHERE left(g.tgname, 13) = 'zz_residency_'
                    UNION ALL SELECT 'table ' || relname FROM pg_class
                        WHERE relnamespace = to_regnamespace('residency') AND relkind = 'r') o
                WHERE strpos(name, '\(prefix)_') > 0 ORDER BY 1
                """
            ).last?.rows ?? []
        var objects: [String: [String]] = [:]
        for values in rows where values.count == 2 {
            if let name = values[0], let short = values[1] { objects[short, default: []].append(name) }
        }
        let isThere = try await run("looking for our schema", "SELECT to_regclass('residency.move') IS NOT NULL")
        var known: [String: (migration: String, tenant: String)] = [:]
        if isThere.last?.value == "t" {
            let moves = try await run(
                "reading what the store remembers",
                "SELECT short, migration, tenant FROM residency.move WHERE directory = \(SQLText.literal(directory))")
            for values in moves.last?.rows ?? [] {
                guard values.count == 3, let short = values[0], let migration = values[1], let tenant = values[2]
                else { continue }
                known[short] = (migration, tenant)
            }
        }
        return Set(objects.keys).union(known.keys).sorted().map { short in
            StoreLeftover(
                short: short, migration: known[short]?.migration, tenant: known[short]?.tenant,
                objects: objects[short] ?? [])
        }
    }

    /// Takes away what a migration has left but rows; for one that is over, or that the directory does not know. Where
    /// the store remembers the migration, cleaning up by its ticket is the better way.
    /// - Throws: `.blocked` for objects of another directory.
    package func remove(_ leftover: StoreLeftover, directory: String) async throws(MigrationError) {
        let prefix = StoreNames(directory: directory, migration: "").directory
        guard leftover.short.hasPrefix(prefix + "_") else {
            throw MigrationError(.blocked, "\(title): \(leftover.short) is another directory's.")
        }
        try await dropChanges(StoreNames(directory: prefix, short: leftover.short))
        try await dropObjects(leftover.short)
        guard let migration = leftover.migration else { return }
        let name = SQLText.literal(migration)
        _ = try await run(
            "forgetting the migration",
            "DELETE FROM residency.cursor WHERE migration = \(name);"
                + "DELETE FROM residency.move WHERE migration = \(name)"
        )
    }
}
