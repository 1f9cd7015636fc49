import Foundation
package import RealmMigration
import Synchronization
import TenantDirectory

/// A region's store of an app, in memory: keeps what ``SourceStore`` and ``TargetStore`` promise, for one tenant, and
/// tells a test of each step before and after it is done.
package final class MemoryStore: Sendable {
    package enum Side: String, Sendable, CaseIterable { case source, target }

    package enum Moment: String, Sendable, CaseIterable { case before, after }

    /// What a coordinator asks of a side.
    package enum Step: String, Sendable, CaseIterable {
        case survey, claim, prepare, lanes, copyBatch, copyDigests, changes, lag, confirm, changedKeys, digests
        case rowHashes, raiseFence, mark, decide, reassert, finish, purge, cleanUp
        case cursors, apply, seal, open, unseal

        package var sides: [Side] {
            switch self {
            case .survey, .claim, .prepare, .digests, .rowHashes, .finish, .cleanUp: [.source, .target]
            case .cursors, .apply, .seal, .open, .unseal: [.target]
            default: [.source]
            }
        }
    }

    package struct Visit: Sendable, Equatable {
        package let side: Side
        package let step: Step
        package let moment: Moment
        package let generation: Int64
    }

    /// The app's write is refused: the fence is up.
    package struct Refused: Error {}

    struct Change: Codable, Sendable {
        var table: String
        var key: String
        /// `nil` for a deletion.
        var value: String?
    }

    struct State: Sendable {
        var rows: [String: [String: String]]
        var record = StoreClaim(state: .open, epoch: 0, generation: 0, attempt: 0, migration: "")
        var isPrepared = false
        /// What was read for the copy, by lane, in the order of keys.
        var snapshot: [String: [Change]] = [:]
        var log: [LogEntry] = []
        var changed: [String: Set<String>] = [:]
        var cursors: [String: String] = [:]
        var staged: [Change] = []
        var fenceRefusals = 0
        var schema = "1"
        var history = "1"
    }

    enum LogEntry: Sendable {
        case change(Change)
        case marker(String)
    }

    package typealias Hook = @Sendable (Visit) async -> MigrationError?

    let id: String
    let state: Mutex<State>
    private let hook = Mutex<Hook?>(nil)
    /// Its rows go last.
    static let activating = "installs"
    static let rowsOfBatch = 3

    /// - Parameter rows: by table and key.
    package init(id: String, rows: [String: [String: String]]) {
        self.id = id
        state = Mutex(State(rows: rows))
    }

    package func onStep(_ hook: Hook?) { self.hook.withLock { $0 = hook } }

    // MARK: What the app does, and what a test looks at

    package func write(_ table: String, _ key: String, _ value: String?) throws {
        try state.withLock { state in
            guard state.record.state == .open else {
                state.fenceRefusals += 1
                throw Refused()
            }
            state.rows[table, default: [:]][key] = value
            guard state.isPrepared else { return }
            state.log.append(.change(Change(table: table, key: key, value: value)))
            state.changed[table, default: []].insert(key)
        }
    }

    /// Writes past everything: the fault that a comparison has to find.
    package func tamper(_ table: String, _ key: String, _ value: String?) {
        state.withLock { $0.rows[table, default: [:]][key] = value }
    }

    /// A standby without the last commits takes over: the row is what it was before them.
    package func setBack(to claim: StoreClaim.State, epoch: Int64) {
        state.withLock { state in
            state.record.state = claim
            state.record.epoch = epoch
            state.record.token = claim == .sealed ? state.record.token : nil
            state.history += "'"
        }
    }

    /// A backup with everything comes back.
    package func restore(_ claim: StoreClaim) { state.withLock { $0.record = claim } }

    /// The app was deployed anew, and stores something else.
    package func changeSchema() { state.withLock { $0.schema += "'" } }

    package var rows: [String: [String: String]] { state.withLock { $0.rows.filter { !$0.value.isEmpty } } }
    package var record: StoreClaim { state.withLock { $0.record } }
    /// Whether anything that was made for a move is still there.
    package var hasLeftovers: Bool { state.withLock { $0.isPrepared || !$0.cursors.isEmpty || !$0.staged.isEmpty } }

    // MARK: Steps

    func visit<Value>(
        _ side: Side, _ step: Step, _ ticket: MoveTicket,
        _ body: (inout State) throws(MigrationError) -> Value
    ) async throws(MigrationError) -> Value {
        let hook = hook.withLock { $0 }
        func tell(_ moment: Moment) async throws(MigrationError) {
            let visit = Visit(side: side, step: step, moment: moment, generation: ticket.generation)
            if let error = await hook?(visit) { throw error }
        }
        try await tell(.before)
        let value = try state.withLock { state throws(MigrationError) in try body(&state) }
        try await tell(.after)
        return value
    }

    static func check(_ state: State, _ ticket: MoveTicket, _ states: [StoreClaim.State]) throws(MigrationError) {
        let record = state.record
        guard record.migration == ticket.migration, record.generation == ticket.generation,
            record.attempt == ticket.attempt
        else { throw MigrationError(.overtaken, "the row is of \(record.migration), \(record.generation)") }
        guard states.contains(record.state) else {
            throw MigrationError(.overtaken, "the row is \(record.state.rawValue)")
        }
    }

    static func claim(_ state: inout State, _ ticket: MoveTicket) throws(MigrationError) -> StoreClaim {
        let before = state.record
        if before.migration == ticket.migration {
            guard ticket.generation >= before.generation, ticket.attempt >= before.attempt else { return before }
        } else {
            guard before.migration.isEmpty else { throw MigrationError(.overtaken, "another migration has the row") }
            guard ticket.generation > before.generation else { return before }
            state.record.token = nil
        }
        state.record.migration = ticket.migration
        state.record.generation = ticket.generation
        state.record.attempt = ticket.attempt
        return before
    }

    func standing() -> StoreStanding {
        state.withLock { StoreStanding(storeID: id, claim: $0.record, history: $0.history) }
    }

    func schemaState() -> StoreSchemaState { state.withLock { StoreSchemaState(fingerprint: $0.schema) } }

    static func digest(_ rows: [String: String], _ request: StoreDigest.Request) -> StoreDigest {
        let wanted = request.keys.map(Set.init)
        let part = rows.filter { wanted?.contains($0.key) ?? true }
        let text = part.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        return StoreDigest(
            table: request.table, rows: Int64(part.count), sums: [SHA256.hexDigest(of: Array(text.utf8))])
    }

    static func hashes(_ rows: [String: String], _ request: StoreDigest.Request) -> [String: String] {
        let wanted = request.keys.map(Set.init)
        return rows.filter { wanted?.contains($0.key) ?? true }
    }

    static func apply(_ changes: [Change], to rows: inout [String: [String: String]]) {
        for change in changes { rows[change.table, default: [:]][change.key] = change.value }
    }

    static func encode(_ changes: [Change]) -> [UInt8] { (try? JSONEncoder().encode(changes)).map(Array.init) ?? [] }

    static func decode(_ payload: [UInt8]) throws(MigrationError) -> [Change] {
        guard let changes = try? JSONDecoder().decode([Change].self, from: Data(payload)) else {
            throw MigrationError(.badAnswer, "not a batch")
        }
        return changes
    }

    /// What a batch carries.
    package static func payload(_ rows: [String: String], of table: String) -> [UInt8] {
        encode(rows.sorted { $0.key < $1.key }.map { Change(table: table, key: $0.key, value: $0.value) })
    }

    /// The side that a tenant leaves.
    package var source: any SourceStore { MemorySource(store: self) }
    /// The side where it arrives.
    package var target: any TargetStore { MemoryTarget(store: self) }
}
