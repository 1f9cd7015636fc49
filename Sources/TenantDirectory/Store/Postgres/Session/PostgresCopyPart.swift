/// A part of the rows that a COPY sends, cut between two rows.
package struct PostgresCopyPart: Sendable, Equatable {
    /// Rows as the server writes them, without what stands before the first and after the last of a binary COPY.
    package var bytes: [UInt8] = []
    package var rows: Int64 = 0
    /// Nothing follows.
    package var isLast = false

    /// What stands before the first row of a binary COPY: a signature, flags, and the length of an extension.
    package static let binaryHead: [UInt8] = [
        0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
    ]
    /// What stands after the last.
    package static let binaryTail: [UInt8] = [0xFF, 0xFF]
}

/// A COPY whose rows are being read.
struct PostgresCopyOut {
    let isBinary: Bool
    var isAtStart = true
    var isAtEnd = false
    /// A row that would not fit into the last part.
    var kept: [UInt8]?

    /// What one message of the server's holds of rows; `nil` for none.
    /// - Throws: where it is not what a binary COPY begins with.
    mutating func row(_ message: [UInt8]) throws(PostgresSessionError) -> [UInt8]? {
        guard isBinary else { return message }
        var row = message
        if isAtStart {
            isAtStart = false
            guard message.starts(with: PostgresCopyPart.binaryHead) else {
                throw PostgresSessionError(.statement, words: "a binary COPY of another form than this program knows")
            }
            row.removeFirst(PostgresCopyPart.binaryHead.count)
        }
        return row.isEmpty || row == PostgresCopyPart.binaryTail ? nil : row
    }
}
