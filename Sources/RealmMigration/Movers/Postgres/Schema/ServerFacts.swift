/// What a server and the role on it can do.
struct ServerFacts: Codable, Equatable, Sendable {
    var isInRecovery: Bool
    var walLevel: String
    var slots: Int
    var slotsUsed: Int
    var senders: Int
    var sendersUsed: Int
    var role: String
    var database: String
    var isSuperuser: Bool
    var mayReplicate: Bool
    /// Make a schema in the database.
    var mayCreate: Bool
    var bypassesRowSecurity: Bool
    /// A commit counts when it is on another server's disk as well.
    var isDurable: Bool
    /// Names of prepared transactions.
    var prepared: [String]
    var longTransactions: [String]
    /// `session_replication_role` may be set: rows are applied without triggers and without checks of foreign keys,
    /// which the comparison makes up for.
    var mayReplay: Bool?
    /// What has changed rows; `nil` where the server does not keep it.
    var statements: [SeenStatement]?
}
