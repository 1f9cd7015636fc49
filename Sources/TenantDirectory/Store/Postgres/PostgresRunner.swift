/// Runs the statements of a transaction of PostgreSQL.
struct PostgresRunner: StatementRunner {
    let handle: PostgresHandle

    var lockingSuffix: String { PostgresStatements.lockingSuffix }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [StoredRow] {
        // A text with a NUL is nobody's name here: PostgreSQL does not keep one.
        let isNobodys = values.contains { value in
            if case .text(let text) = value { text.utf8.contains(0) } else { false }
        }
        if isNobodys { return [] }
        return try handle.run(sql, values)
    }

    /// Writes what a session has kept for the end, takes the numbers and commits, all as one message: between the lock
    /// on the counter and the commit nothing waits for this process, which may be stopped at any time.
    /// - Returns: the first number that was taken; 0 where none was.
    func finish(_ session: StoreSession) throws -> Int64 {
        var statements = try session.plainWrites.map { try text(of: $0, changeCount: 0) }
        let place = statements.count
        if session.changeCount > 0 {
            statements.append(try text(of: .takeNumbers(session.changeCount), changeCount: 0))
            statements += try session.numberedWrites.map { try text(of: $0, changeCount: session.changeCount) }
        }
        statements.append(PostgresStatements.commit)
        let answers: [[StoredRow]]
        do {
            answers = try handle.runScript(statements.joined(separator: ";\n"))
        } catch let failure as PostgresFailure where failure.kind != .statement {
            throw PostgresFailure(.commit, sqlState: failure.sqlState, words: failure.words)
        }
        guard session.changeCount > 0 else { return 0 }
        return try session.firstNumber(answers.indices.contains(place) ? answers[place].first : nil)
    }

    private func text(of statement: SQLStatement, changeCount: Int) throws -> String {
        var values = statement.values.makeIterator()
        var text = ""
        for character in statement.text {
            guard character == "?", let value = values.next() else {
                text.append(character)
                continue
            }
            if case .change(let number) = value {
                text += "(SELECT seq - \(changeCount - 1 - number) FROM feed_counter WHERE id = 1)"
            } else {
                text += try handle.literal(value)
            }
        }
        return text
    }
}
