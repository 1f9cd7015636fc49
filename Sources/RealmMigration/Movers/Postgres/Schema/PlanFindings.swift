import TenantDirectory

/// What stands in the way of a move, or should be known, on one side. Pure: what was read decides.
struct PlanFindings {
    let plan: MovePlan
    let schema: SchemaDescription
    let facts: ServerFacts
    let limits: PostgresStoreLimits
    let mode: MoveMode
    /// The side that the tenant arrives at.
    let isTarget: Bool
    /// Rows of the tenant by table.
    let rows: [String: Int64]
    /// Roles whose changes are left undone without an error, and whether those of others are accepted to fail.
    let jobRoles: [String]
    let acceptsSweeps: Bool

    private(set) var blockers: [StoreSurvey.Finding] = []
    private(set) var warnings: [StoreSurvey.Finding] = []

    init(
        plan: MovePlan, schema: SchemaDescription, facts: ServerFacts, limits: PostgresStoreLimits, mode: MoveMode,
        isTarget: Bool, rows: [String: Int64], jobRoles: [String] = [], acceptsSweeps: Bool = false
    ) {
        self.plan = plan
        self.schema = schema
        self.facts = facts
        self.limits = limits
        self.mode = mode
        self.isTarget = isTarget
        self.rows = rows
        self.jobRoles = jobRoles
        self.acceptsSweeps = acceptsSweeps
        blockers = plan.blockers
        lookAtServer()
        for table in plan.tables {
            lookAtTable(table)
            lookAtReferences(table)
            if isTarget { lookAtTarget(table) } else { lookAtSource(table) }
        }
        lookAtCircles()
        if !isTarget { lookAtStatements() }
        if mode == .live, !isTarget { lookAtLog() }
    }

    private mutating func block(_ code: String, _ message: String, _ remedy: String = "") {
        blockers.append(StoreSurvey.Finding(code: code, message: message, remedy: remedy))
    }

    private mutating func warn(_ code: String, _ message: String, _ remedy: String = "") {
        warnings.append(StoreSurvey.Finding(code: code, message: message, remedy: remedy))
    }

    private var role: String { SQLText.name(facts.role) }

    private mutating func lookAtServer() {
        if facts.isInRecovery {
            block("standby", "The server is a standby and takes no writes.", "Name the primary in the store's URL.")
        }
        if schema.version < 120_000 { block("old-server", "The server is older than PostgreSQL 12.", "Upgrade it.") }
        if !facts.mayCreate {
            block(
                "no-create", "The role \(facts.role) may not make the schema residency.",
                "GRANT CREATE ON DATABASE \(SQLText.name(facts.database)) TO \(role)")
        }
        for name in facts.prepared {
            warn(
                "prepared-transaction",
                "The transaction \(name) is prepared; if it holds rows of the tenant, the fence "
                    + "cannot be raised before it ends.", "COMMIT PREPARED \(SQLText.literal(name))")
        }
        if !facts.isDurable {
            warn(
                "one-disk",
                "What is decided is on the disk of this server alone when it counts: if a standby takes over without "
                    + "its last commits, the other region is asked, and the tenant stays held until it answers.",
                "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (NAME, NAME)'")
        }
        for words in facts.longTransactions {
            warn("long-transaction", "A transaction has been open for long: \(words).", "End it before the move.")
        }
    }

    private mutating func lookAtTable(_ table: MovedTable) {
        let description = table.description
        if !description.isOwned {
            block(
                "not-owner", "The role \(facts.role) does not own \(table.title), and can make no trigger on it.",
                "GRANT \(SQLText.name(description.owner)) TO \(role)")
        }
        if description.hasRowSecurity, !facts.bypassesRowSecurity, !description.isOwned {
            block("row-security", "Policies of \(table.title) may hide rows.", "ALTER ROLE \(role) BYPASSRLS")
        }
        if description.isPartitioned, schema.version < 130_000 {
            block("partitions", "\(table.title) is partitioned; its fence needs PostgreSQL 13.", "Upgrade the server.")
        }
        for column in table.copiedColumns {
            let type = column.type.hasSuffix("[]") ? String(column.type.dropLast(2)) : column.type
            if type == "oid" || type == "lo" {
                block(
                    "large-object",
                    "\(table.title).\(column.name) may hold numbers of large objects, which are not "
                        + "moved with a tenant's rows.",
                    "Keep the content in a bytea column, or exclude this one.")
            } else if ["xid", "cid", "tid", "xid8"].contains(type) || type.hasPrefix("reg") {
                block(
                    "number-of-this-server",
                    "\(table.title).\(column.name) holds numbers that this server alone knows.",
                    "Exclude the column.")
            }
        }
        if description.primaryKey.isEmpty {
            warn(
                "no-key", "\(table.title) has no primary key: differences are named by a hash of the row.",
                "ALTER TABLE \(table.name) ADD PRIMARY KEY (…)")
        }
        if table.excludedRows != nil {
            warn("excluded-rows", "Excluded rows of \(table.title) are not copied, and are deleted by the purge.")
        }
        for sequence in description.sequences where !sequence.isOwned {
            block(
                "sequence-not-owned", "The sequence \(sequence.name) of \(table.title) cannot be set by this role.",
                "ALTER SEQUENCE \(sequence.name) OWNER TO \(role)")
        }
    }

    private mutating func lookAtReferences(_ table: MovedTable) {
        for key in table.description.foreignKeys where plan["\(key.schema).\(key.table)"] == nil {
            warn(
                "foreign-key-leads-out",
                "\(table.title) refers by \(key.name) to \(key.schema).\(key.table), which does "
                    + "not move: what is referred to must be in both databases. The comparison checks it.",
                "Declare \(key.schema).\(key.table) as one of the tables, or keep it equal on both sides.")
        }
        for other in schema.tables where plan[other.title] == nil {
            for key in other.foreignKeys where "\(key.schema).\(key.table)" == table.title {
                warn(
                    "not-moved", "\(other.title) refers by \(key.name) to \(table.title) and does not move.",
                    "Declare it, with the path \(key.columns.joined(separator: ", ")).")
            }
        }
    }

    private mutating func lookAtTarget(_ table: MovedTable) {
        if let count = rows[table.title], count > 0 {
            block(
                "rows-in-target", "\(table.title) has \(count) rows of the tenant in the target already.",
                "If the tenant does not live there: DELETE FROM \(table.name) t WHERE \(table.condition())")
        }
        for trigger in table.description.triggers where facts.mayReplay != true || trigger.isAlways {
            block(
                "target-trigger",
                "The trigger \(trigger.name) of \(table.title) would fire for every row that arrives.",
                trigger.isAlways
                    ? "ALTER TABLE \(table.name) ENABLE TRIGGER \(SQLText.name(trigger.name))" : grantReplay)
        }
        if facts.mayReplay != true { lookAtOrder(table) }
        if table.isActivating, facts.mayReplay != true {
            let children = plan.tables.filter { TableOrder.references($0).contains(table.title) && !$0.isActivating }
            for child in children {
                block(
                    "activating-parent", "\(child.title) refers to \(table.title), whose rows arrive last.", grantReplay
                )
            }
        }
    }

    /// Rows that are put in with their foreign keys checked come in an order that satisfies these, and do not change
    /// each other.
    private mutating func lookAtOrder(_ table: MovedTable) {
        guard mode == .live, table.isFollowed else { return }
        for key in table.description.foreignKeys where key.hasAction {
            block(
                "cascading-key",
                "\(key.name) of \(table.title) changes or deletes rows by itself, and the log tells of them once more.",
                grantReplay)
        }
        for parent in plan.tables where !parent.isFollowed && !parent.isActivating {
            guard TableOrder.references(table).contains(parent.title) else { continue }
            block(
                "late-parent",
                "\(table.title) refers to \(parent.title), whose rows are copied in the pause, after it.", grantReplay)
        }
    }

    private var grantReplay: String {
        schema.version >= 150_000
            ? "GRANT SET ON PARAMETER session_replication_role TO \(role)" : "ALTER ROLE \(role) SUPERUSER"
    }

    private mutating func lookAtCircles() {
        guard isTarget, facts.mayReplay != true else { return }
        for circle in plan.circles {
            block(
                "circular-keys",
                "\(circle.joined(separator: ", ")) refer to each other: no order of rows satisfies their "
                    + "foreign keys.", grantReplay)
        }
    }

    private mutating func lookAtSource(_ table: MovedTable) {
        let description = table.description
        if !description.primaryKey.isEmpty, !description.primaryKey.contains(table.tenantColumn) {
            warn(
                "key-without-tenant",
                "The key of \(table.title) (\(description.primaryKey.joined(separator: ", "))) does "
                    + "not hold the tenant: where both databases count by themselves, keys collide, and the copy "
                    + "stops.",
                "Compare the keys of both databases, and give each region numbers of its own.")
        }
        guard mode == .live, !table.isActivating, !table.isFollowable else { return }
        let count = rows[table.title] ?? 0
        let message = "\(table.title) cannot be followed while the tenant works: \(reason(table))."
        if count <= limits.pauseRows {
            warn("copied-in-pause", "\(message) Its \(count) rows are copied in the pause.", remedy(table))
        } else {
            block("not-live", "\(message) Its \(count) rows are too many for the pause.", remedy(table))
        }
    }

    private func reason(_ table: MovedTable) -> String {
        if !table.path.isEmpty { return "it has no tenant column" }
        if table.excludedRows != nil { return "a filter leaves out some of its rows" }
        if !table.description.isLogged { return "it is not logged" }
        if table.description.column(table.tenantColumn)?.isFilterable == false {
            return "the type of \(table.tenantColumn) cannot be filtered by a publication"
        }
        return "the log does not tell the tenant of an old row"
    }

    private func remedy(_ table: MovedTable) -> String {
        if !table.path.isEmpty { return "Give it a tenant column, or move offline." }
        if table.excludedRows != nil { return "Move offline, or exclude nothing." }
        if !table.description.isLogged { return "ALTER TABLE \(table.name) SET LOGGED" }
        if table.description.column(table.tenantColumn)?.isFilterable == false {
            return "Make \(table.tenantColumn) a text, or move offline."
        }
        return "ALTER TABLE \(table.name) REPLICA IDENTITY FULL"
    }

    /// Statements of jobs that are about all tenants meet the fence for one, and fail for all (H40).
    private mutating func lookAtStatements() {
        guard let statements = facts.statements else {
            warn(
                "statements-unseen",
                "What the app's jobs do cannot be seen: an UPDATE or DELETE of many tenants' rows fails as a whole "
                    + "while one of them moves, unless its role is one of the store's `jobs`.",
                "CREATE EXTENSION pg_stat_statements; GRANT pg_read_all_stats TO \(role)")
            return
        }
        for statement in statements {
            guard let table = plan.tables.first(where: { statement.isAboutAllTenants(of: $0) }) else { continue }
            let words = "The role \(statement.role) changes \(table.title) for all tenants: \(statement.words)"
            if jobRoles.contains(statement.role) || acceptsSweeps {
                warn("statement-of-all-tenants", words + " What it means for the tenant is left undone meanwhile.")
            } else {
                block(
                    "statement-of-all-tenants", words + " It would fail as a whole while the tenant moves.",
                    "Run it by a role of its own, named in the store's `jobs`; or set `acceptSweeps: true`.")
            }
        }
    }

    private mutating func lookAtLog() {
        if schema.version < 150_000 {
            block("old-server", "A live move needs PostgreSQL 15, for filters of rows.", "Move offline, or upgrade.")
        }
        if facts.walLevel != "logical" {
            block(
                "wal-level", "wal_level is \(facts.walLevel).",
                "ALTER SYSTEM SET wal_level = 'logical', and start the server anew; or move offline.")
        }
        if facts.slotsUsed >= facts.slots {
            block(
                "no-slot", "All \(facts.slots) replication slots are in use.",
                "ALTER SYSTEM SET max_replication_slots = \(facts.slots + 10), and start the server anew.")
        }
        if facts.sendersUsed >= facts.senders {
            block(
                "no-sender", "All \(facts.senders) senders of the log are in use.",
                "ALTER SYSTEM SET max_wal_senders = \(facts.senders + 10), and start the server anew.")
        }
        if !facts.mayReplicate {
            block("no-replication", "The role \(facts.role) may not replicate.", "ALTER ROLE \(role) REPLICATION")
        }
    }
}
