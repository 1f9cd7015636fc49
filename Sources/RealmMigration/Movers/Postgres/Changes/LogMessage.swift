/// A message of PostgreSQL's output plugin `pgoutput`, version 1 of its protocol.
enum LogMessage: Equatable, Sendable {
    struct Relation: Equatable, Sendable {
        struct Column: Equatable, Sendable {
            var isKey: Bool
            var name: String
        }

        var id: UInt32
        var schema: String
        var name: String
        /// As in `pg_class.relreplident`.
        var replicaIdentity: String
        var columns: [Column]

        var title: String { "\(schema).\(name)" }
    }

    enum Value: Equatable, Sendable {
        case null
        /// A large value that has not changed, and is not in the log.
        case unchanged
        case text(String)
    }

    /// `commit` is where the transaction's commit stands.
    case begin(commit: LogPosition)
    /// `end` is where whatever is committed next can stand.
    case commit(commit: LogPosition, end: LogPosition)
    case relation(Relation)
    case insert(relation: UInt32, new: [Value])
    /// Of the old row: all of it, its key where that has changed, or nothing.
    case update(relation: UInt32, old: [Value]?, new: [Value])
    case delete(relation: UInt32, old: [Value])
    case truncate(relations: [UInt32])
    case message(isTransactional: Bool, prefix: String, content: [UInt8])
    /// A type's name, or where a transaction came from: nothing that matters here.
    case other

    /// - Throws: `.badAnswer`.
    init(_ bytes: [UInt8]) throws(MigrationError) {
        var reader = ByteReader(bytes)
        switch try reader.integer(UInt8.self) {
        case UInt8(ascii: "B"): self = .begin(commit: LogPosition(try reader.integer(UInt64.self)))
        case UInt8(ascii: "C"):
            _ = try reader.integer(UInt8.self)
            let commit = LogPosition(try reader.integer(UInt64.self))
            self = .commit(commit: commit, end: LogPosition(try reader.integer(UInt64.self)))
        case UInt8(ascii: "R"): self = .relation(try Self.relation(&reader))
        case UInt8(ascii: "I"):
            let relation = try reader.integer(UInt32.self)
            try Self.expect("N", &reader)
            self = .insert(relation: relation, new: try Self.row(&reader))
        case UInt8(ascii: "U"): self = try Self.update(&reader)
        case UInt8(ascii: "D"):
            let relation = try reader.integer(UInt32.self)
            // `K` for a key, `O` for all of the row.
            _ = try reader.integer(UInt8.self)
            self = .delete(relation: relation, old: try Self.row(&reader))
        case UInt8(ascii: "T"):
            let count = try reader.integer(UInt32.self)
            _ = try reader.integer(UInt8.self)
            var relations: [UInt32] = []
            for _ in 0..<count { relations.append(try reader.integer(UInt32.self)) }
            self = .truncate(relations: relations)
        case UInt8(ascii: "M"):
            let flags = try reader.integer(UInt8.self)
            _ = try reader.integer(UInt64.self)
            let prefix = try reader.string()
            let count = try reader.integer(UInt32.self)
            self = .message(
                isTransactional: flags & 1 == 1, prefix: prefix, content: Array(try reader.take(Int(count))))
        default: self = .other
        }
    }

    private static func update(_ reader: inout ByteReader) throws(MigrationError) -> LogMessage {
        let relation = try reader.integer(UInt32.self)
        var kind = try reader.integer(UInt8.self)
        var old: [Value]?
        if kind == UInt8(ascii: "K") || kind == UInt8(ascii: "O") {
            old = try row(&reader)
            kind = try reader.integer(UInt8.self)
        }
        guard kind == UInt8(ascii: "N") else { throw unknown }
        return .update(relation: relation, old: old, new: try row(&reader))
    }

    private static func relation(_ reader: inout ByteReader) throws(MigrationError) -> Relation {
        let id = try reader.integer(UInt32.self)
        let schema = try reader.string()
        let name = try reader.string()
        let identity = String(UnicodeScalar(try reader.integer(UInt8.self)))
        var columns: [Relation.Column] = []
        for _ in 0..<(try reader.integer(UInt16.self)) {
            let flags = try reader.integer(UInt8.self)
            let column = Relation.Column(isKey: flags & 1 == 1, name: try reader.string())
            // The type and its modifier.
            _ = try reader.integer(UInt64.self)
            columns.append(column)
        }
        // PostgreSQL's own schema is written as nothing.
        return Relation(
            id: id, schema: schema.isEmpty ? "pg_catalog" : schema, name: name, replicaIdentity: identity,
            columns: columns)
    }

    private static func row(_ reader: inout ByteReader) throws(MigrationError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try reader.integer(UInt16.self)) {
            switch try reader.integer(UInt8.self) {
            case UInt8(ascii: "n"): values.append(.null)
            case UInt8(ascii: "u"): values.append(.unchanged)
            case UInt8(ascii: "t"):
                let count = try reader.integer(UInt32.self)
                values.append(.text(String(decoding: try reader.take(Int(count)), as: UTF8.self)))
            default: throw unknown
            }
        }
        return values
    }

    private static func expect(_ kind: Character, _ reader: inout ByteReader) throws(MigrationError) {
        guard try reader.integer(UInt8.self) == kind.asciiValue else { throw unknown }
    }

    private static var unknown: MigrationError {
        MigrationError(.badAnswer, "The replication stream holds a message of a form that this program does not know.")
    }
}
