/// What runs the statements of one transaction.
protocol StatementRunner {
    /// Runs a statement at once.
    func rows(_ sql: String, _ values: [SQLValue]) throws -> [StoredRow]

    /// What follows a `SELECT` whose rows this transaction is going to change, so that no other changes them first;
    /// empty where one transaction writes at a time anyway.
    var lockingSuffix: String { get }
}
