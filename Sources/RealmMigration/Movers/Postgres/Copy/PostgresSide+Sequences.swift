import TenantDirectory

/// Sequences behind moved columns: the target's must not give what moved rows have already (H10).
extension PostgresSide {
    private struct Value {
        var last: Int64
        var step: Int64
    }

    /// The last value of each, as this database knows it, by name.
    func sequenceValues(_ plan: PreparedPlan) async throws(MigrationError) -> [String: Int64] {
        var values: [String: Int64] = [:]
        for name in Self.sequences(plan) {
            let reply = try await run("reading the sequence \(name)", "SELECT last_value, is_called FROM \(name)").last
            // What was never called has given nothing.
            if reply?[0, 1] == "t" { values[name] = reply?.value.flatMap { Int64($0) } }
        }
        return values
    }

    static func sequences(_ plan: PreparedPlan) -> [String] {
        Set(plan.own.flatMap { $0.description.sequences.map(\.name) }).sorted()
    }

    /// Sets those of this plan that are behind ahead of these values, each in a transaction that shuts out who asks it
    /// for the next.
    func raiseSequences(_ plan: PreparedPlan, to wanted: [String: Int64], margin: Int64) async throws(MigrationError) {
        let known = Set(Self.sequences(plan))
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) where known.contains(name) {
            let current = try await sequence(name)
            guard current.step > 0, current.last < value else { continue }
            try await raise(name, to: value, margin: margin, step: current.step)
        }
    }

    private func sequence(_ name: String) async throws(MigrationError) -> Value {
        let reply = try await run(
            "reading the sequence \(name)",
            """
            SELECT s.last_value, q.seqincrement FROM \(name) s, pg_sequence q \
            WHERE q.seqrelid = \(SQLText.literal(name))::regclass
            """
        ).last
        return Value(
            last: reply?.value.flatMap { Int64($0) } ?? 0, step: reply?[0, 1].flatMap { Int64($0) } ?? 1)
    }

    private func raise(_ name: String, to value: Int64, margin: Int64, step: Int64) async throws(MigrationError) {
        let deadline = ContinuousClock.now + settings.limits.statementTimeout
        let lock = settings.limits.schemaLockTimeout.wholeMilliseconds
        while true {
            do {
                try await sessions.use { session in
                    // An ALTER shuts out `nextval`; what is read after it stays so.
                    let reply = try await session.run(
                        """
                        BEGIN;SET LOCAL lock_timeout = \(lock);ALTER SEQUENCE \(name) INCREMENT BY \(step);\
                        SELECT last_value FROM \(name)
                        """
                    ).last
                    guard let last = reply?.value.flatMap({ Int64($0) }), last < value else {
                        try await session.run("COMMIT")
                        return
                    }
                    let next = Self.next(after: last, past: value, margin: margin, step: step)
                    try await session.run("ALTER SEQUENCE \(name) RESTART WITH \(next);COMMIT")
                }
                return
            } catch let error as PostgresSessionError
                where error.sqlState == "55P03" && ContinuousClock.now < deadline
            {
                try? await Task.sleep(for: .milliseconds(20) * Double.random(in: 0.5...1))
            } catch { throw migrationError(error, "setting the sequence \(name)") }
        }
    }

    /// The first value past another and its margin that the sequence would have given by itself.
    static func next(after last: Int64, past value: Int64, margin: Int64, step: Int64) -> Int64 {
        let (sum, overflow) = value.addingReportingOverflow(max(0, margin))
        let least = overflow ? value : sum
        guard step > 0, least >= last else { return last }
        let steps = (least - last) / step + 1
        let (ahead, tooFar) = steps.multipliedReportingOverflow(by: step)
        let (next, over) = last.addingReportingOverflow(ahead)
        return tooFar || over ? value : next
    }
}
