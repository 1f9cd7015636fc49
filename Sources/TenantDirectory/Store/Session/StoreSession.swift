/// The statements of one transaction. Everything it does is plain SQL that SQLite, PostgreSQL and databases that speak
/// its dialect read alike.
///
/// It reads first, and keeps what it is going to write for the end: there the numbers of the change feed are taken last
/// but for the rows that carry them, so that other writers wait for it as short as can be.
final class StoreSession {
    let runner: any StatementRunner
    let sealer: SecretSealer
    /// The time of the transaction, in milliseconds since 1970.
    let now: Int64
    /// Whether the records it reads are locked until its end.
    let isWriting: Bool
    /// What is written at the end, in this order, before the numbers are taken.
    private(set) var plainWrites: [SQLStatement] = []
    /// What is written after that, but for the row of the history.
    private var numberedWrites: [SQLStatement] = []
    private(set) var changeCount = 0
    /// Whether it was looked that the directory knows the key that is sealed with.
    var hasNotedKey = false

    init(runner: any StatementRunner, sealer: SecretSealer, now: Int64, isWriting: Bool) {
        self.runner = runner
        self.sealer = sealer
        self.now = now
        self.isWriting = isWriting
    }

    /// Writes at once: for what later reads of the same transaction must see.
    func execute(_ sql: String, _ values: [SQLValue] = []) throws { _ = try runner.rows(sql, values) }

    func row(_ sql: String, _ values: [SQLValue] = []) throws -> StoredRow? { try runner.rows(sql, values).first }

    func rows(_ sql: String, _ values: [SQLValue] = []) throws -> [StoredRow] { try runner.rows(sql, values) }

    /// Keeps a statement for the end; what the session reads from here on does not see it.
    func add(_ sql: String, _ values: [SQLValue]) {
        let statement = SQLStatement(sql, values)
        if statement.isNumbered { numberedWrites.append(statement) } else { plainWrites.append(statement) }
    }

    /// What is written once the numbers are taken. All of a transaction's changes share one random id, by which readers
    /// of the feed know them again.
    var writesWithNumbers: [SQLStatement] {
        guard changeCount > 0 else { return [] }
        let history = SQLStatement(
            "INSERT INTO feed_history (seq, change_id, at) VALUES (?, ?, ?)",
            [.change(changeCount - 1), .text(Hexadecimal.lowerCase(SecureRandom.bytes(8))), .integer(now)])
        return numberedWrites + [history]
    }

    /// The next number of the change feed that this transaction takes at its end.
    /// - Returns: which of them it is, from 0.
    func takeNumber() -> Int {
        changeCount += 1
        return changeCount - 1
    }

    func audit(_ number: Int, _ tenant: TenantID, actor: String, _ action: String, _ detail: String) {
        add(
            "INSERT INTO audit (seq, at, tenant_id, actor, action, detail) VALUES (?, ?, ?, ?, ?, ?)",
            [.change(number), .integer(now), SQLValue(tenant), .text(actor), .text(action), .text(detail)])
    }

    /// From what ``SQLStatement/takeNumbers(_:)`` gave.
    /// - Returns: the first of the numbers.
    /// - Throws: `.notADirectory` where there is no counter.
    func firstNumber(_ taken: StoredRow?) throws(DirectoryError) -> Int64 {
        guard let last = try taken?.number(0) else {
            throw DirectoryError(
                .notADirectory, "The directory is damaged: its change counter is gone. Restore it from a backup.")
        }
        return last - Int64(changeCount) + 1
    }
}
