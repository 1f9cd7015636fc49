import TenantDirectory

/// What the mover's objects in a store are called: by directory and migration, so that a gateway with another directory
/// leaves them alone (H1).
struct StoreNames: Sendable, Equatable {
    /// Of every directory's objects, its own eight digits.
    let directory: String
    /// Of one migration's objects: both.
    let short: String

    init(_ ticket: MoveTicket) { self.init(directory: ticket.directory, migration: ticket.migration) }

    init(directory: String, migration: String) {
        self.directory = String(SHA256.hexDigest(of: Array(directory.utf8)).prefix(8))
        short = "\(self.directory)_\(SHA256.hexDigest(of: Array(migration.utf8)).prefix(12))"
    }

    /// Names that were found.
    init(directory: String, short: String) {
        self.directory = directory
        self.short = short
    }

    var gate: String { "residency.gate_\(short)" }
    var refused: String { "residency.refused_\(short)" }
    var skipped: String { "residency.skipped_\(short)" }
    var slot: String { "residency_\(short)" }
    var publication: String { "residency_\(short)" }
    var sessions: String { "residency \(short)" }

    func function(_ place: Int?) -> String { "residency.fence_\(short)" + (place.map { "_\($0)" } ?? "") }
    func trigger(_ event: String) -> String { "zz_residency_\(short)_\(event)" }
    /// Where the rows of an activating table are once the tenant has left.
    func kept(_ place: Int) -> String { "residency.kept_\(short)_\(place)" }

    func staged(_ place: Int) -> String { "residency.staged_\(short)_\(place)" }
}
