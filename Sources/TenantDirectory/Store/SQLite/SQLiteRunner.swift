import Foundation
import GRDB

/// Runs the statements of a transaction of SQLite.
struct SQLiteRunner: StatementRunner {
    let database: Database

    var lockingSuffix: String { "" }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [StoredRow] {
        let statement = try database.cachedStatement(sql: sql)
        let arguments = StatementArguments(values.map(Self.convertible))
        let columns = statement.columnNames
        guard !columns.isEmpty else {
            try statement.execute(arguments: arguments)
            return []
        }
        var rows: [StoredRow] = []
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try cursor.next() {
            rows.append(StoredRow(row.databaseValues.map(Self.value), columns: columns))
        }
        return rows
    }

    /// Writes what a session has kept for the end of its transaction.
    /// - Returns: the first number that was taken; 0 where none was.
    func finish(_ session: StoreSession) throws -> Int64 {
        for statement in session.plainWrites { _ = try rows(statement.text, statement.values) }
        guard session.changeCount > 0 else { return 0 }
        let statement = SQLStatement.takeNumbers(session.changeCount)
        let first = try session.firstNumber(try rows(statement.text, statement.values).first)
        for statement in session.writesWithNumbers {
            let values = statement.values.map { value in
                if case .change(let number) = value { SQLValue.integer(first + Int64(number)) } else { value }
            }
            _ = try rows(statement.text, values)
        }
        return first
    }

    private static func convertible(_ value: SQLValue) -> (any DatabaseValueConvertible)? {
        switch value {
        // A number is put in for it before the statement is run.
        case .null, .change: nil
        case .integer(let number): number
        case .text(let text): text
        case .bytes(let bytes): Data(bytes)
        }
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .string(let text): .text(text)
        case .blob(let data): .bytes(Array(data))
        // Nothing is written so: it is damage, and read as what it is not.
        case .double: .bytes([])
        }
    }
}
