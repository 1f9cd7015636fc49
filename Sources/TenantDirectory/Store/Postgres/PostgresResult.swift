import CLibPQ

/// One answer of the server.
final class PostgresResult {
    let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    /// What the server refused; `nil` where it did what it was asked.
    var failure: PostgresFailure? {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return nil
        default:
            let failure = PostgresFailure(.statement, sqlState: field(residency_pq_sqlstate))
            // Words about a statement may hold values; words about the connection hold none.
            guard failure.endsSession || failure.sqlState.isEmpty else { return failure }
            return PostgresFailure(.statement, sqlState: failure.sqlState, words: field(residency_pq_message))
        }
    }

    func rows() throws -> [StoredRow] {
        let columnCount = PQnfields(result)
        guard columnCount > 0 else { return [] }
        let columns = (0..<columnCount).map { index in PQfname(result, index).map { String(cString: $0) } ?? "" }
        let types = (0..<columnCount).map { PQftype(result, $0) }
        return (0..<PQntuples(result)).map { row in
            let values = zip(0..<columnCount, types).map { value(row, $0, $1) }
            return StoredRow(values, columns: columns)
        }
    }

    private func value(_ row: Int32, _ column: Int32, _ type: Oid) -> SQLValue {
        guard PQgetisnull(result, row, column) == 0, let pointer = PQgetvalue(result, row, column) else { return .null }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(PQgetlength(result, row, column)))
        if type == PostgresType.bytes { return .bytes(Self.decoded(pointer) ?? []) }
        let text = String(decoding: bytes, as: UTF8.self)
        // A number that is none is read as what it is, and complained about by who wanted a number.
        guard PostgresType.integers.contains(type), let number = Int64(text) else { return .text(text) }
        return .integer(number)
    }

    private static func decoded(_ pointer: UnsafePointer<CChar>) -> [UInt8]? {
        var count = 0
        let decoded = pointer.withMemoryRebound(to: UInt8.self, capacity: 1) { PQunescapeBytea($0, &count) }
        guard let decoded else { return nil }
        defer { PQfreemem(decoded) }
        return Array(UnsafeBufferPointer(start: decoded, count: count))
    }

    func field(_ code: Int32) -> String {
        PQresultErrorField(result, code).map { String(cString: $0) } ?? ""
    }
}
