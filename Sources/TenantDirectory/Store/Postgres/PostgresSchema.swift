import struct Foundation.Date

/// The tables of the directory: whose they are, which steps were applied, and which key they want. However many nodes
/// start together, each step is applied once: they wait for each other at a row.
struct PostgresSchema {
    let handle: PostgresHandle
    let name: String
    let ring: KeyRing
    /// In milliseconds since 1970.
    let now: Int64

    /// What making the tables may take, in milliseconds, and waiting for another node that does.
    private static let stepsTimeout = 60_000
    private static let lockTimeout = 30_000
    private static let attempts = 10

    /// The last step that was applied; `nil` where there are no tables yet.
    func appliedStep() throws -> Int? {
        do {
            return Int(try handle.run("SELECT MAX(step) FROM schema_steps", []).first?.optionalNumber(0) ?? 0)
        } catch let failure as PostgresFailure where failure.sqlState == "42P01" {
            return nil
        }
    }

    /// Makes what is missing, and looks whether the keys are at hand. Where all is there, it only reads.
    /// - Throws: `.newerSchema`, `.wrongKey`, ``PostgresFailure``.
    func prepare() throws {
        if let applied = try appliedStep(), applied >= SchemaSteps.newest {
            try check(applied)
            if try knownKeys().contains(ring.current.hexadecimalID) { return }
        }
        for attempt in 1... {
            do {
                try makeLock()
                return try change()
            } catch let failure as PostgresFailure where failure.kind == .statement {
                handle.rollback()
                // Another node has been making the same.
                guard attempt < Self.attempts, failure.isRepeatable || failure.sqlState == "XX000" else {
                    throw failure
                }
            } catch {
                handle.rollback()
                throw error
            }
        }
    }

    private func makeLock() throws {
        // A table that is made by two at once is refused to one of them, in one of these ways.
        try ignoring(["23505", "42P07", "42710", "XX000"]) {
            _ = try handle.runScript(PostgresStatements.makeSchemaLock)
        }
        try ignoring(["23505"]) { _ = try handle.runScript(PostgresStatements.fillSchemaLock) }
    }

    private func ignoring(_ states: [String], _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as PostgresFailure where failure.kind == .statement && states.contains(failure.sqlState) {}
    }

    private func change() throws {
        let begin = [
            PostgresStatements.beginWriting, "SET LOCAL statement_timeout = \(Self.stepsTimeout)",
            "SET LOCAL lock_timeout = \(Self.lockTimeout)", PostgresStatements.takeSchemaLock,
        ]
        let time = Duration.milliseconds(Self.stepsTimeout + 2_000)
        _ = try handle.runScript(begin.joined(separator: ";\n"), within: time)
        _ = try handle.runScript(SchemaSteps.recordTable)
        let applied = try appliedStep() ?? 0
        try check(applied)
        var statements: [String] = []
        for step in SchemaSteps.all where step.number > applied {
            statements += step.statements
            statements.append(
                """
                INSERT INTO schema_steps (step, name, applied_at) \
                VALUES (\(step.number), \(try handle.literal(.text(step.name))), \(now))
                """)
        }
        if !statements.isEmpty { _ = try handle.runScript(statements.joined(separator: ";\n"), within: time) }
        if try !knownKeys().contains(ring.current.hexadecimalID) {
            _ = try handle.run(
                "INSERT INTO sealing_keys (id, first_used_at) VALUES (?, ?)",
                [.text(ring.current.hexadecimalID), .integer(now)])
        }
        _ = try handle.runScript(PostgresStatements.commit)
    }

    private func check(_ applied: Int) throws(DirectoryError) {
        try SchemaSteps.check(
            applied: applied, of: name, remedy: "Install that program on this node too.")
    }

    /// - Throws: `.wrongKey` where one of them is not at hand.
    private func knownKeys() throws -> [String] {
        let known = try handle.run("SELECT id FROM sealing_keys ORDER BY first_used_at", []).map { try $0.text(0) }
        if let missing = known.first(where: { !ring.ids.contains($0) }) {
            throw SecretSealer.wrongKey(sealedWith: missing, ring: ring)
        }
        return known
    }
}

extension PostgresHandle {
    /// Leaves the transaction; where that fails, the connection is closed, and the server leaves it.
    func rollback() {
        if !isClosed, !isIdle { _ = try? runScript(PostgresStatements.rollback) }
    }
}
