import Synchronization
import TenantDirectory

/// What a database looks like, and what of it moves.
extension PostgresSide {
    /// The tables' schemas, those that are declared among them.
    private var schemas: [String] {
        Array(Set(settings.schemas + settings.tables.map { MovePlan.parts($0.name, settings).schema })).sorted()
    }

    func describe() async throws(MigrationError) -> SchemaDescription {
        try await json(
            SchemaDescription.self, "reading the catalog", CatalogStatements.description(schemas: schemas))
    }

    func facts() async throws(MigrationError) -> ServerFacts {
        var facts = try await json(ServerFacts.self, "looking at the server", CatalogStatements.facts)
        facts.mayReplay = try await mayReplay(isSuperuser: facts.isSuperuser)
        return facts
    }

    private func mayReplay(isSuperuser: Bool) async throws(MigrationError) -> Bool {
        if isSuperuser { return true }
        return try await use("looking at the role's rights") { session in
            do {
                return try await session.run(CatalogStatements.mayReplay).last?.value == "true"
            } catch let error as PostgresSessionError where error.sqlState == "42883" { return false }
        }
    }

    /// The plan of a migration's attempt, and whether rows may be applied without triggers; read once a process.
    func plan(_ ticket: MoveTicket) async throws(MigrationError) -> PreparedPlan {
        let key = "\(ticket.migration)/\(ticket.attempt)"
        if let plan = plans.withLock({ $0[key] }) { return plan }
        let plan = MovePlan(settings, schema: try await describe(), names: ticket.names)
        if let first = plan.blockers.first {
            throw MigrationError(.blocked, plan.blockers.count == 1 ? first.message : first.message + " And more.")
        }
        let facts = try await facts()
        let twins = plan.tables.filter { !$0.off.isEmpty }.map(\.twin)
        let prepared = PreparedPlan(tables: plan.tables + twins, mayReplay: facts.mayReplay == true)
        plans.withLock { plans in
            // Few migrations run at a time; what is forgotten is read again.
            if plans.count >= 64 { plans.removeAll() }
            plans[key] = prepared
        }
        return prepared
    }

    func forgetPlan(_ ticket: MoveTicket) {
        plans.withLock { plans in
            plans = plans.filter { !$0.key.hasPrefix(ticket.migration) }
        }
    }
}

/// What a side works by, once a migration is under way.
struct PreparedPlan: Sendable {
    /// In the order in which rows are put in; what switches rows on comes last.
    let tables: [MovedTable]
    /// Rows are put in without triggers and checks of foreign keys.
    let mayReplay: Bool

    /// Each table once.
    var own: [MovedTable] { tables.filter { !$0.isTwin } }

    subscript(title: String) -> MovedTable? { tables.first { $0.title == title } }

    func place(of title: String) -> Int { tables.firstIndex { $0.title == title } ?? 0 }
}
