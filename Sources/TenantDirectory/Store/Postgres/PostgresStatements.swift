/// What the PostgreSQL store sends beside the statements that all stores share. All of it is SQL that databases which
/// speak PostgreSQL's dialect know; what only shortens a wait is in ``PostgresHints``.
enum PostgresStatements {
    /// Reads of one transaction see one state of the directory.
    static let beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    /// Each statement sees what is committed; records that are going to change are locked as they are read.
    static let beginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED"
    static let commit = "COMMIT"
    static let rollback = "ROLLBACK"
    static let lockingSuffix = " FOR UPDATE"

    static let makeSchemaLock = "CREATE TABLE IF NOT EXISTS schema_lock (id BIGINT NOT NULL PRIMARY KEY)"
    static let fillSchemaLock = "INSERT INTO schema_lock (id) VALUES (1)"
    /// Others that want to change the schema wait here.
    static let takeSchemaLock = "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE"
}

/// What tells other nodes at once that something has changed. They look anyway at an interval, so that a database
/// without it is as good, and later.
enum PostgresHints {
    static let tell = "NOTIFY residency_change"
    static let listen = "LISTEN residency_change"
}
