/// What a look at both sides has found: every blocker and warning at once, with what would mend it, and what the move
/// will cost.
package struct MigrationPlanReport: Sendable, Codable, Equatable {
    package struct Finding: Sendable, Codable, Equatable {
        package var store: String
        /// The region's side it was found on: `source` or `target`.
        package var side: String
        package var code: String
        package var message: String
        package var remedy: String
    }

    package struct Table: Sendable, Codable, Equatable {
        package var store: String
        package var name: String
        package var rows: Int64
        package var bytes: Int64
        /// It follows while the tenant works; else it is copied while its writes stand still.
        package var isLive: Bool
    }

    package var mode: MoveMode
    package var blockers: [Finding] = []
    package var warnings: [Finding] = []
    package var tables: [Table] = []
    /// Milliseconds.
    package var expectedDuration: Int64 = 0
    package var expectedPause: Int64 = 0
    /// Of a move that is not live: for how long the tenant is read and not written.
    package var expectedStop: Int64?

    package init(mode: MoveMode) { self.mode = mode }

    package var rows: Int64 { tables.reduce(0) { $0 + $1.rows } }
    package var bytes: Int64 { tables.reduce(0) { $0 + $1.bytes } }

    mutating func add(_ store: String, source: StoreSurvey, target: StoreSurvey, isShared: Bool) {
        blockers += source.blockers.map { Self.finding(store, "source", $0) }
        warnings += source.warnings.map { Self.finding(store, "source", $0) }
        if isShared, let here = source.place, let there = target.place, here != there {
            blockers.append(
                Finding(
                    store: store, side: "target", code: "clone",
                    message: "The databases of both regions have one id and are not one: the one is a copy of the "
                        + "other.", remedy: "residency-gateway stores adopt \(store) REGION, for the copy."))
        }
        guard !isShared else { return }
        blockers += target.blockers.map { Self.finding(store, "target", $0) }
        warnings += target.warnings.map { Self.finding(store, "target", $0) }
        tables += source.tables.map {
            Table(store: store, name: $0.name, rows: $0.rows, bytes: $0.bytes, isLive: $0.isLive)
        }
        guard source.schemaFingerprint != target.schemaFingerprint else { return }
        blockers.append(
            Finding(
                store: store, side: "target", code: "schema-differs",
                message: "The two sides differ in what is stored." + Self.differences(source.schema, target.schema),
                remedy: "Deploy the same version of the app to both regions."))
    }

    /// The first of what one side has alone.
    private static func differences(_ source: [String], _ target: [String]) -> String {
        [("source", source, target), ("target", target, source)].map { side, these, those in
            let alone = Set(these).subtracting(those).sorted()
            guard !alone.isEmpty else { return "" }
            let more = alone.count > 5 ? " and \(alone.count - 5) more" : ""
            return " In the \(side) alone: \(alone.prefix(5).joined(separator: "; "))\(more)."
        }.joined()
    }

    private static func finding(_ store: String, _ side: String, _ found: StoreSurvey.Finding) -> Finding {
        Finding(store: store, side: side, code: found.code, message: found.message, remedy: found.remedy)
    }

    /// Rows and bytes that a store moves in a second, about, on both sides together.
    private static let rowsPerSecond: Int64 = 40_000
    private static let fixedMilliseconds: Int64 = 500

    /// Between two times that the host asks whether it may commit, and so between its site's return and its commit.
    private static let hostWait: Int64 = 300_000

    /// - Parameters:
    ///   - bytesPerSecond: the throttle; 0 for none.
    ///   - isOfHost: the host commits.
    mutating func estimate(bytesPerSecond: Int, mode: MoveMode, isOfHost: Bool) {
        func milliseconds(_ tables: [Table]) -> Int64 {
            let rows = tables.reduce(0) { $0 + $1.rows }
            let bytes = tables.reduce(0) { $0 + $1.bytes }
            let byBytes = bytesPerSecond > 0 ? bytes * 1_000 / Int64(bytesPerSecond) : 0
            return max(rows * 1_000 / Self.rowsPerSecond, byBytes)
        }
        expectedDuration = Self.fixedMilliseconds + milliseconds(tables)
        expectedPause = Self.fixedMilliseconds / 2
        guard mode == .offline else {
            expectedPause += milliseconds(tables.filter { !$0.isLive })
            return
        }
        expectedStop = expectedDuration + (isOfHost ? Self.hostWait : 0)
    }
}
