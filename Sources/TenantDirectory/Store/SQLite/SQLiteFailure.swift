import GRDB

/// What an error of SQLite means for the directory, and what to do about it.
enum SQLiteFailure {
    static func directoryError(_ error: any Error, path: String) -> DirectoryError {
        if let error = error as? DirectoryError { return error }
        guard let failure = error as? DatabaseError else {
            return DirectoryError(.unavailable, "The directory \(path) cannot be used.", cause: error)
        }
        let (code, message) = meaning(of: failure.resultCode, path: path)
        // The error's own text may hold values of a statement; its code and short text hold none.
        return DirectoryError(code, message, cause: SQLiteCause(failure))
    }

    private static func meaning(of code: ResultCode, path: String) -> (DirectoryError.Code, String) {
        switch code {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            (.notADirectory, "The directory \(path) is damaged. Stop the gateway and restore the file from a backup.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (
                .unavailable,
                "Another process has been writing to the directory \(path) for more than "
                    + "\(Int(SQLiteStore.busyTimeout)) s. Try again when it has ended."
            )
        case .SQLITE_FULL:
            (.unavailable, "The disk of the directory \(path) is full. Make room; nothing was written.")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            (
                .unavailable,
                "The directory \(path) cannot be opened for writing. Its folder must be there, and this process "
                    + "must be "
                    + "allowed to write the file and beside it (`-wal`, `-shm`)."
            )
        case .SQLITE_CONSTRAINT:
            (.conflict, "The directory \(path) refused a record that breaks its rules. Nothing was written.")
        default:
            (.unavailable, "The directory \(path) did not do what it was asked. Look at its disk.")
        }
    }
}

/// An error of SQLite without statements or values.
struct SQLiteCause: Error, CustomStringConvertible {
    let description: String

    init(_ error: DatabaseError) {
        description = "SQLite \(error.extendedResultCode.rawValue): \(error.extendedResultCode)"
    }
}
