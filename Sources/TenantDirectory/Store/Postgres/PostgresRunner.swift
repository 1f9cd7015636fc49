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
        var pieces: [String: [Substring]] = [:]
        var statements = try session.plainWrites.map { try text(of: $0, changeCount: 0, &pieces) }
        let place = statements.count
        if session.changeCount > 0 {
            statements.append(try text(of: .takeNumbers(session.changeCount), changeCount: 0, &pieces))
            statements += try session.writesWithNumbers.map {
                try text(of: $0, changeCount: session.changeCount, &pieces)
            }
        }
        statements.append(PostgresStatements.commit)
        let answers: [[StoredRow]]
        try handle.expectQuiet()
        do {
            answers = try handle.runScript(statements.joined(separator: ";\n"))
        } catch let failure as PostgresFailure where failure.kind != .statement && failure.sqlState != "25P03" {
            // Where the server has ended a transaction that stood still, it has not begun with this message.
            throw PostgresFailure(.commit, sqlState: failure.sqlState, words: failure.words)
        }
        guard session.changeCount > 0 else { return 0 }
        return try session.firstNumber(answers.indices.contains(place) ? answers[place].first : nil)
    }

    /// - Parameter pieces: of texts that have been cut already: a batch has few texts and thousands of statements, and
    ///   the transaction stands still meanwhile.
    private func text(
        of statement: SQLStatement, changeCount: Int, _ pieces: inout [String: [Substring]]
    ) throws -> String {
        let cut = pieces[statement.text] ?? SQLStatement.pieces(statement.text)
        pieces[statement.text] = cut
        var text = ""
        for (index, piece) in cut.enumerated() {
            if index > 0, statement.values.indices.contains(index - 1) {
                text += try self.text(of: statement.values[index - 1], changeCount)
            }
            text += piece
        }
        return text
    }

    private func text(of value: SQLValue, _ changeCount: Int) throws -> String {
        guard case .change(let number) = value else { return try handle.literal(value) }
        return "(SELECT seq - \(changeCount - 1 - number) FROM feed_counter WHERE id = 1)"
    }
}
