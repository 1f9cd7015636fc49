import CLibPQ

extension PostgresResult {
    var isCopy: Bool {
        switch PQresultStatus(result) {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: true
        default: false
        }
    }

    /// All of it as text.
    var reply: PostgresReply {
        let columns = 0..<PQnfields(result)
        let rows = (0..<PQntuples(result)).map { row in columns.map { text(row, $0) } }
        let affected = PQcmdTuples(result).flatMap { Int64(String(cString: $0)) } ?? 0
        return PostgresReply(rows: columns.isEmpty ? [] : rows, affected: affected)
    }

    /// What the server refused; `nil` where it did what it was asked.
    var refusal: PostgresSessionError? {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            return nil
        default: break
        }
        let state = field(residency_pq_sqlstate)
        // Of these classes words hold the value that did not fit, or what an app's own code says.
        let mayHoldValues = ["21", "22", "P0"].contains(state.prefix(2)) || state == "23514"
        let isAboutKey = ["23505", "23503", "23P01"].contains(state)
        let names = [field(residency_pq_schema), field(residency_pq_table)]
        return PostgresSessionError(
            .statement, sqlState: state, words: mayHoldValues ? "" : field(residency_pq_message),
            table: names.filter { !$0.isEmpty }.joined(separator: "."), constraint: field(residency_pq_constraint),
            key: isAboutKey ? field(residency_pq_detail) : "")
    }

    private func text(_ row: Int32, _ column: Int32) -> String? {
        guard PQgetisnull(result, row, column) == 0, let pointer = PQgetvalue(result, row, column) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(PQgetlength(result, row, column)))
        return String(decoding: bytes, as: UTF8.self)
    }
}
