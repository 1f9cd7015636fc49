/// What a batch of the mover's holds: four bytes for the length of a head in JSON, the head, and rows or messages as
/// PostgreSQL writes them.
struct BatchPayload: Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        /// Rows of a table, as COPY writes them.
        case rows
        /// Values of sequences.
        case sequences
        /// Messages of pgoutput, each with its length.
        case changes
    }

    struct Head: Codable, Sendable, Equatable {
        var kind: Kind
        /// `schema.table`; empty for none.
        var table = ""
        var columns: [String] = []
        var isBinary = false
        /// By name, as the source knows it: the last value that was given.
        var sequences: [String: Int64] = [:]
    }

    var head: Head
    var body: [UInt8] = []

    /// - Throws: `.badAnswer`.
    func encoded() throws(MigrationError) -> [UInt8] {
        let text = Array(try StoreJSON.encode(head).utf8)
        return (0..<4).reversed().map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text + body
    }

    init(head: Head, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// - Throws: `.badAnswer`.
    init(_ bytes: [UInt8]) throws(MigrationError) {
        let count = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 4, count <= bytes.count - 4, count < 1 << 20 else {
            throw MigrationError(.badAnswer, "A batch of the postgres mover has no head.")
        }
        let text = String(decoding: bytes[4..<(4 + count)], as: UTF8.self)
        head = try StoreJSON.decode(Head.self, text, what: "A batch's head")
        body = Array(bytes[(4 + count)...])
    }
}
