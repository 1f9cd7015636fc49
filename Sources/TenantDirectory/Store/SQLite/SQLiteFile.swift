import Foundation
import GRDB

/// Opening the file: whose it is, whether it is whole, which tables it has and which key it wants.
enum SQLiteFile {
    /// In the header of every directory of ours: `RGTD`.
    static let applicationID: Int32 = 0x5247_5444
    /// Files up to this size in bytes are read whole at start to find damage; larger ones by `check`.
    static let integrityCheckSize = 32 << 20

    static func open(_ path: String, ring: KeyRing, now: Date) throws(DirectoryError) -> DatabasePool {
        do {
            try checkHeader(path)
            try createPrivately(path)
            try inspect(path)
            let pool = try DatabasePool(path: path, configuration: configuration())
            try pool.write { database in
                try applySteps(database, path: path, applicationID: applicationID, now: now)
                try checkKeys(database, ring: ring, now: now)
            }
            return pool
        } catch {
            throw SQLiteFailure.directoryError(error, path: path)
        }
    }

    static func configuration() -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "directory"
        configuration.busyMode = .timeout(SQLiteStore.busyTimeout)
        configuration.maximumReaderCount = SQLiteStore.readerCount
        configuration.prepareDatabase { database in
            // A commit is on disk before it is acknowledged.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    /// - Throws: `.notADirectory` where SQLite finds damage.
    static func checkIntegrity(_ runner: any StatementRunner, path: String) throws {
        let complaints = try runner.rows("PRAGMA quick_check(1)", []).map { try $0.text(0) }
        guard complaints == ["ok"] else { throw damaged(path) }
    }

    /// Looks at the first bytes before SQLite does: it would take a text file for a key problem.
    private static func checkHeader(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        let header = try file.read(upToCount: 16) ?? Data()
        guard header.isEmpty || header == Data("SQLite format 3\0".utf8) else { throw foreign(path) }
    }

    /// The file is its owner's alone; SQLite gives its companions the same mode.
    static func createPrivately(_ path: String) throws {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw DirectoryError(
                .unavailable,
                "The directory \(path) cannot be opened (\(reason)). Make its folder, let this process write there, or "
                    + "name another file in `directory.path`.")
        }
        close(descriptor)
    }

    /// Reads, and changes nothing, so that a foreign file stays as it was.
    private static func inspect(_ path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(SQLiteStore.busyTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.read { database in
            let id = try Int32.fetchOne(database, sql: "PRAGMA application_id")
            let tables = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
            // A process that was killed while it made the file leaves an empty one.
            guard id == applicationID || (id == 0 && tables == 0) else { throw foreign(path) }
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            if size <= integrityCheckSize { try checkIntegrity(SQLiteRunner(database: database), path: path) }
        }
    }

    /// Makes the tables, or those that are missing.
    static func applySteps(_ database: Database, path: String, applicationID: Int32, now: Date) throws {
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: SchemaSteps.recordTable)
        let applied = try Int.fetchOne(database, sql: "SELECT MAX(step) FROM schema_steps") ?? 0
        try SchemaSteps.check(
            applied: applied, of: path,
            remedy: "Install that program again, or restore the file from before the update.")
        for step in SchemaSteps.all where step.number > applied {
            for statement in step.statements { try database.execute(sql: statement) }
            try database.execute(
                sql: "INSERT INTO schema_steps (step, name, applied_at) VALUES (?, ?, ?)",
                arguments: [step.number, step.name, now.milliseconds])
        }
    }

    /// Every key that secrets may be sealed with must be at hand.
    static func checkKeys(_ database: Database, ring: KeyRing, now: Date) throws {
        let known = try String.fetchAll(database, sql: "SELECT id FROM sealing_keys ORDER BY first_used_at")
        if let missing = known.first(where: { !ring.ids.contains($0) }) {
            throw SecretSealer.wrongKey(sealedWith: missing, ring: ring)
        }
        guard !known.contains(ring.current.hexadecimalID) else { return }
        try database.execute(
            sql: "INSERT INTO sealing_keys (id, first_used_at) VALUES (?, ?)",
            arguments: [ring.current.hexadecimalID, now.milliseconds])
    }

    private static func foreign(_ path: String) -> DirectoryError {
        DirectoryError(
            .notADirectory,
            "The file \(path) is not a directory of this gateway, and was left as it is. Name another file in "
                + "`directory.path`, or move this one away.")
    }

    private static func damaged(_ path: String) -> DirectoryError {
        DirectoryError(
            .notADirectory,
            "The directory \(path) is damaged. Stop the gateway and restore the file from a backup.")
    }
}
