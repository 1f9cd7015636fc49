import TenantDirectory

extension PostgresSide {
    /// Looks at one side, and changes nothing.
    func survey(_ ticket: MoveTicket, mode: MoveMode, isTarget: Bool) async throws(MigrationError) -> StoreSurvey {
        let schema = try await describe()
        var facts = try await facts()
        if !isTarget { facts.statements = try await statements() }
        let plan = MovePlan(settings, schema: schema, names: ticket.names)
        var rows: [String: Int64] = [:]
        for table in plan.tables {
            do throws(MigrationError) { rows[table.title] = try await rowCount(table, upTo: .max) } catch {
                // What is not the role's it may not read either; that is a blocker by itself.
                guard error.code == .blocked, !table.description.isOwned else { throw error }
            }
        }
        let findings = PlanFindings(
            plan: plan, schema: schema, facts: facts, limits: settings.limits, mode: mode, isTarget: isTarget,
            rows: rows, jobRoles: settings.jobRoles, acceptsSweeps: settings.acceptsSweeps)
        var survey = StoreSurvey(storeID: try await storeID() ?? "")
        survey.tables = plan.tables.map { table in
            let description = table.description
            let count = rows[table.title] ?? 0
            let width = description.rows > 0 ? Double(description.bytes) / Double(description.rows) : 100
            return StoreSurvey.Table(
                name: table.title, rows: count, bytes: Int64(Double(count) * width), isLive: table.isFollowed)
        }
        survey.blockers = findings.blockers
        survey.warnings = findings.warnings
        if !isTarget { survey.blockers += try await crossings(plan, rows) }
        let known = MovePlan.discover(settings, schema).map(\.name)
        survey.schema = SchemaFingerprint.lines(of: plan.tables, known: known)
        survey.schemaFingerprint = SchemaFingerprint.of(survey.schema)
        survey.hasFence = true
        survey.place = try await place()
        return survey
    }

    /// What has changed rows here, as far as the server keeps it and this role may see it; `nil` where it does not.
    private func statements() async throws(MigrationError) -> [SeenStatement]? {
        let place = try await run("looking for pg_stat_statements", CatalogStatements.statementsPlace).last?.value
        guard let place else { return nil }
        do throws(MigrationError) {
            let rows = try await run("reading pg_stat_statements", CatalogStatements.statements(in: place)).last?.rows
            let seen = (rows ?? []).compactMap { values in
                values.count == 2 ? values[0].flatMap { role in values[1].map { SeenStatement(role, $0) } } : nil
            }
            return seen.contains(where: \.isHidden) ? nil : seen
        } catch {
            // It is there, and the server was not started with it.
            if error.code == .blocked { return nil }
            throw error
        }
    }

    /// The random id of the store; `nil` where nothing of ours is there yet.
    package func storeID() async throws(MigrationError) -> String? {
        try await use("reading the store's id") { session in
            let isThere = try await session.run("SELECT to_regclass('residency.store') IS NOT NULL").last?.value
            return isThere == "t" ? try await session.run("SELECT id FROM residency.store").last?.value : nil
        }
    }

    /// Rows of the tenant's that refer to rows of another's.
    /// - Parameter rows: of the tables that this role may read.
    private func crossings(_ plan: MovePlan, _ rows: [String: Int64]) async throws(MigrationError) -> [StoreSurvey
        .Finding]
    {
        var found: [StoreSurvey.Finding] = []
        for table in plan.tables where table.path.isEmpty && rows[table.title] != nil {
            for key in table.description.foreignKeys {
                guard let parent = plan["\(key.schema).\(key.table)"], rows[parent.title] != nil
                else { continue }
                let pairs = zip(key.columns, key.targetColumns).map { own, other in
                    "p.\(SQLText.name(other)) = t.\(SQLText.name(own))"
                }
                let sql = long(
                    """
                    SELECT count(*) FROM \(table.from) t JOIN \(parent.name) p \
                    ON \(pairs.joined(separator: " AND ")) WHERE \(table.condition()) \
                    AND (\(parent.condition("p"))) IS NOT TRUE
                    """)
                let count = try await run("looking where \(key.name) leads", sql).dropLast().last?.value ?? "0"
                guard count != "0" else { continue }
                found.append(
                    StoreSurvey.Finding(
                        code: "foreign-key-crosses",
                        message: "\(count) rows of \(table.title) refer by \(key.name) to rows of \(parent.title) that "
                            + "are another tenant's.", remedy: "Give the tenant rows of its own to refer to."))
            }
        }
        return found
    }
}

extension PostgresSourceStore {
    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await side.survey(ticket, mode: mode, isTarget: false)
    }
}

extension PostgresTargetStore {
    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await side.survey(ticket, mode: mode, isTarget: true)
    }
}
