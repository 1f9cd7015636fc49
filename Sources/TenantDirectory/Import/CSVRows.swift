/// Reads comma-separated values (RFC 4180, as psql's `\copy … csv header` writes them): quoted fields may hold commas,
/// doubled quotes and line ends. An empty field without quotes is absent.
struct CSVRows {
    struct Row: Equatable {
        /// The line the row begins at; the first is 1.
        let line: Int
        let fields: [String?]
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var line = 1

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next row that is not an empty line.
    /// - Returns: `nil` at the end.
    /// - Throws: ``ImportComplaint`` for a quote that is not closed, or one within a plain field.
    mutating func next() throws -> Row? {
        while position < bytes.count, bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\r") {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        guard position < bytes.count else { return nil }
        let start = line
        var fields: [String?] = []
        while true {
            fields.append(try field())
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { break }
            position += 1
        }
        return Row(line: start, fields: fields)
    }

    /// The line that is read now, for complaints.
    var currentLine: Int { line }

    private mutating func field() throws -> String? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return try plainField() }
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    try expectEndOfField()
                    return String(decoding: text, as: UTF8.self)
                }
                position += 1
            } else if byte == UInt8(ascii: "\n") {
                line += 1
            }
            text.append(byte)
        }
        throw ImportComplaint("a quote is opened and not closed")
    }

    private mutating func plainField() throws -> String? {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return text(start)
            case UInt8(ascii: "\""):
                throw ImportComplaint("a quote stands within a field that does not begin with one")
            default: position += 1
            }
        }
        return text(start)
    }

    private func text(_ start: Int) -> String? {
        start == position ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func expectEndOfField() throws {
        guard position < bytes.count else { return }
        let byte = bytes[position]
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
            throw ImportComplaint("something follows the closing quote of a field")
        }
    }
}
