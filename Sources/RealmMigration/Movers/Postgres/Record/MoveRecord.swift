import TenantDirectory

/// What a store remembers of one migration (`residency.move`).
struct MoveRecord: Sendable, Equatable {
    var mode: MoveMode
    /// The attempt that everything was made for; -1 while it is being made the first time.
    var attempt: Int64
    /// What the mover's sessions show to pass the fence.
    var mark: String
    /// Where the slot was made, for a live move.
    var point: SlotPoint?

    static func select(_ ticket: MoveTicket) -> String {
        "SELECT mode, attempt, mark, point FROM residency.move WHERE migration = \(SQLText.literal(ticket.migration))"
    }

    init?(_ values: [String?]) {
        guard values.count == 4, let mode = values[0].flatMap(MoveMode.init(rawValue:)),
            let attempt = values[1].flatMap(Int64.init), let mark = values[2]
        else { return nil }
        self.mode = mode
        self.attempt = attempt
        self.mark = mark
        if let text = values[3], !text.isEmpty {
            point = try? StoreJSON.decode(SlotPoint.self, text, what: "residency.move")
        }
    }

    /// Adds the record, unless it is there.
    static func insert(_ ticket: MoveTicket, side: String, mode: MoveMode, mark: String) -> String {
        let texts = [ticket.migration, ticket.tenant.description, ticket.directory, StoreNames(ticket).short, side]
        return """
            INSERT INTO residency.move (migration, tenant, directory, short, side, mode, attempt, mark) VALUES \
            (\((texts + [mode.rawValue]).map { SQLText.literal($0) }.joined(separator: ", ")), -1, \
            \(SQLText.literal(mark))) ON CONFLICT DO NOTHING
            """
    }

    static func remove(_ ticket: MoveTicket) -> [String] {
        let migration = SQLText.literal(ticket.migration)
        return [
            "DELETE FROM residency.cursor WHERE migration = \(migration)",
            "DELETE FROM residency.move WHERE migration = \(migration)",
        ]
    }

    /// Lets the rest of a transaction pass the fence, and be known as the mover's to readers of the log (H22).
    static func pass(_ ticket: MoveTicket, mayReplay: Bool) -> String {
        let migration = SQLText.literal(ticket.migration)
        return """
            SELECT set_config('residency.mover', mark, true) FROM residency.move WHERE migration = \(migration);
            SELECT pg_logical_emit_message(true, 'residency.mover', \(SQLText.literal(StoreNames(ticket).short)));
            \(mayReplay ? "SET LOCAL session_replication_role = replica" : "SET CONSTRAINTS ALL DEFERRED")
            """
    }
}

/// Where a replication slot begins, and of which server (H8).
struct SlotPoint: Codable, Sendable, Equatable {
    var position: String
    var system: String
    var timeline: String
}
