/// A table of an app's; a partitioned one counts once, as its root.
struct TableDescription: Codable, Equatable, Sendable {
    struct Column: Codable, Equatable, Sendable {
        var name: String
        /// As PostgreSQL writes it, with its modifier.
        var type: String
        var isNotNull: Bool
        /// `a` for always, `d` for by default; empty for none.
        var identity: String
        var isGenerated: Bool
        var hasDefault: Bool
        /// Its binary form is the same in every database: it holds no number that a server has given to a type.
        var isPortable: Bool
        /// A row filter of a publication may compare it.
        var isFilterable: Bool
    }

    struct Key: Codable, Equatable, Sendable {
        var name: String
        var columns: [String]
        var isPrimary: Bool
        /// What UPDATE and DELETE are known by in the log.
        var isReplicaIdentity: Bool
    }

    struct ForeignKey: Codable, Equatable, Sendable {
        var name: String
        var columns: [String]
        var schema: String
        var table: String
        var targetColumns: [String]
        var isDeferrable: Bool
        /// What happens to a row happens to those that refer to it: deleted, set to nothing, or given the new key.
        var hasAction: Bool
    }

    struct Trigger: Codable, Equatable, Sendable {
        var name: String
        /// It fires whatever role a session plays.
        var isAlways: Bool
    }

    struct Sequence: Codable, Equatable, Sendable {
        var column: String
        /// In quotes, with its schema.
        var name: String
        /// This role may alter it.
        var isOwned: Bool
    }

    var schema: String
    var name: String
    /// It has partitions, whose names, in quotes and with their schemas, are ``leaves``.
    var isPartitioned: Bool
    var leaves: [String]
    var isLogged: Bool
    /// `d` by the primary key, `i` by an index, `f` by all columns, `n` by none.
    var replicaIdentity: String
    /// This role may do with it what its owner may.
    var isOwned: Bool
    var owner: String
    var hasRowSecurity: Bool
    /// Estimates over all tenants.
    var rows: Int64
    var bytes: Int64
    var columns: [Column]
    var keys: [Key]
    var foreignKeys: [ForeignKey]
    var triggers: [Trigger]
    var sequences: [Sequence]

    /// As people write it.
    var title: String { "\(schema).\(name)" }

    var primaryKey: [String] { keys.first { $0.isPrimary }?.columns ?? [] }

    /// The columns that the log tells of an old row; `nil` where it tells none.
    var identityColumns: [String]? {
        switch replicaIdentity {
        case "f": columns.map(\.name)
        case "d": keys.first { $0.isPrimary }?.columns
        case "i": keys.first { $0.isReplicaIdentity }?.columns
        default: nil
        }
    }

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}
