import Foundation
import GRDB

/// Opening the file of a mirror: it has the tables of a directory, so that records are read from both alike, and a few
/// of its own.
enum MirrorFile {
    /// In the header of every mirror of ours: `RGTM`.
    static let applicationID: Int32 = 0x5247_544D
    /// Memory for pages while everything is read anew: ids lie all over the file.
    private static let cacheKibibytes = 64 << 10
    /// Pages of 4 KiB in the log before they are copied into the file.
    private static let logPages = 4_000

    /// - Returns: the open file, and why an earlier one was set aside; `nil` where none was.
    /// - Throws: `.notADirectory` for a file that is not a mirror of ours, which is left as it is; `.wrongKey`;
    ///   `.newerSchema`; `.unavailable`.
    static func open(_ path: String, node: String, ring: KeyRing, now: Date) throws(DirectoryError) -> (
        pool: DatabasePool, setAside: String?
    ) {
        guard try isMirrorOrNothing(path) else {
            throw DirectoryError(
                .notADirectory,
                "The file \(path) is not a mirror of this gateway, and was left as it is. Name another file in "
                    + "mirror.path, or move this one away.")
        }
        do {
            return (try make(path, node: node, ring: ring, now: now), nil)
        } catch let error as DirectoryError where error.code != .notADirectory {
            throw error
        } catch {
            let failure = SQLiteFailure.directoryError(error, path: path)
            guard failure.code == .notADirectory else { throw failure }
            // It is a copy: the directory has everything that was in it.
            let aside = path + ".damaged"
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: aside + suffix)
                try? FileManager.default.moveItem(atPath: path + suffix, toPath: aside + suffix)
            }
            do {
                return (try make(path, node: node, ring: ring, now: now), aside)
            } catch { throw SQLiteFailure.directoryError(error, path: path) }
        }
    }

    private static func make(_ path: String, node: String, ring: KeyRing, now: Date) throws -> DatabasePool {
        try SQLiteFile.createPrivately(path)
        var configuration = SQLiteFile.configuration()
        configuration.label = "mirror"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -\(cacheKibibytes)")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(logPages)")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        if size <= SQLiteFile.integrityCheckSize {
            try pool.read { try SQLiteFile.checkIntegrity(SQLiteRunner(database: $0), path: path) }
        }
        try pool.write { database in
            try SQLiteFile.applySteps(database, path: path, applicationID: applicationID, now: now)
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS mirror (
                        id INTEGER NOT NULL PRIMARY KEY, node TEXT NOT NULL, position_seq INTEGER, position_id TEXT,
                        is_complete INTEGER NOT NULL, is_scanning INTEGER NOT NULL, generation INTEGER NOT NULL,
                        confirmed_at INTEGER, row_stands INTEGER NOT NULL
                    )
                    """)
            let columns = try database.columns(in: "tenants").map(\.name)
            if !columns.contains("generation") {
                try database.execute(sql: "ALTER TABLE tenants ADD COLUMN generation INTEGER NOT NULL DEFAULT 0")
            }
        }
        try pool.read { try checkKeys(SQLiteRunner(database: $0), ring: ring) }
        return pool
    }

    /// Keys come and go, and what was sealed with an older one is brought anew by the feed: a ring that opens nothing
    /// of some records is another directory's.
    private static func checkKeys(_ runner: SQLiteRunner, ring: KeyRing) throws {
        let ids = try runner.rows("SELECT secret FROM tenants WHERE secret IS NOT NULL LIMIT 100", [])
            .map { Hexadecimal.lowerCase(try $0.bytes(0).dropFirst().prefix(SealingKey.idByteCount)) }
        if let first = ids.first, !ids.contains(where: ring.ids.contains) {
            throw SecretSealer.wrongKey(sealedWith: first, ring: ring)
        }
    }

    /// Looks at the header alone, so that a file of somebody else's is not touched.
    private static func isMirrorOrNothing(_ path: String) throws(DirectoryError) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return true }
        defer { try? file.close() }
        guard let header = try? file.read(upToCount: 72), !header.isEmpty else { return true }
        guard header.count == 72, header.prefix(16) == Data("SQLite format 3\0".utf8) else { return false }
        let id = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // A process that was killed while it made the file leaves one without the mark in it.
        return id == UInt32(bitPattern: applicationID) || id == 0
    }
}
