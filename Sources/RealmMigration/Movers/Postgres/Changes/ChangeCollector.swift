/// Makes batches of what a replication stream brings: whole transactions, or parts of large ones. Pure: it is given
/// messages and asked for a batch.
///
/// 1. A transaction that begins with the mover's own mark is left out (H22).
/// 2. What was applied before the cursor is left out.
/// 3. The transaction that holds the marker ends what is to be sent (H7).
struct ChangeCollector {
    /// What has changed, for the rounds of verification.
    private(set) var changed = ChangedKeys()
    /// Where the next batch begins.
    private(set) var cursor: ChangeCursor

    private let plan: PreparedPlan
    private let short: String
    private var relations: [UInt32: (relation: LogMessage.Relation, bytes: [UInt8])] = [:]
    private var body: [UInt8] = []
    private var rows: Int64 = 0
    /// Of the batch that is being made.
    private var named: Set<UInt32> = []
    private var transaction: Transaction?
    /// Where the batch that is being made ends.
    private var end: ChangeCursor
    private var seenMarkers: Set<String> = []

    private struct Transaction {
        var commit: LogPosition
        /// Changes that were applied before; `nil` for all.
        var applied: Int?
        var count = 0
        var isOurs = false
        var hasBegun = false
    }

    /// - Parameter short: of the migration; other migrations write markers, too.
    init(_ plan: PreparedPlan, short: String, cursor: ChangeCursor) {
        self.plan = plan
        self.short = short
        self.cursor = cursor
        end = cursor
    }

    /// Whether there is enough for a batch.
    var isFull: Bool { body.count >= StoreBatch.targetBytes }

    /// Whether a transaction's middle has been reached.
    var isWithinTransaction: Bool { transaction != nil }

    /// Whether the marker was reached, in what has been made or is being made.
    func hasSeen(_ marker: String) -> Bool { seenMarkers.contains(marker) }

    /// - Throws: `.blocked`, `.schemaChanged`, `.badAnswer`.
    mutating func take(_ bytes: [UInt8]) throws(MigrationError) {
        switch try LogMessage(bytes) {
        case .begin(let commit):
            transaction = Transaction(commit: commit, applied: end.applied(of: commit))
        case .commit(_, let position):
            transaction = nil
            if position > end.position || end.changes != nil {
                end = ChangeCursor(position: max(position, end.position), changes: nil)
            }
        case .relation(let relation): relations[relation.id] = (relation, bytes)
        case .message(let isTransactional, let prefix, let content):
            guard isTransactional else { return }
            if prefix == "residency.mover", transaction?.hasBegun == false { transaction?.isOurs = true }
            let text = String(decoding: content, as: UTF8.self)
            if prefix == "residency.marker", text.hasPrefix(short) { seenMarkers.insert(text) }
        case .insert(let id, let new): try add(bytes, [id], rows: [new])
        case .update(let id, let old, let new): try add(bytes, [id], rows: [old ?? new, new])
        case .delete(let id, let old): try add(bytes, [id], rows: [old])
        case .truncate(let ids): try add(bytes, ids.filter { relations[$0] != nil }, rows: [])
        case .other: break
        }
    }

    /// The server has sent everything that was committed before this place.
    mutating func reach(_ position: LogPosition) {
        guard transaction == nil, position > end.position else { return }
        end = ChangeCursor(position: position, changes: nil)
    }

    /// What there is to be sent. `nil` where there is nothing.
    /// - Parameters:
    ///   - isLast: it ends at the marker.
    ///   - advance: an empty batch is made, too, so that the cursor moves.
    mutating func batch(isLast: Bool, advance: Bool, sequences: [String: Int64] = [:]) throws(MigrationError)
        -> StoreBatch?
    {
        guard !body.isEmpty || isLast || (advance && end != cursor) else { return nil }
        let head = BatchPayload.Head(kind: .changes, sequences: sequences)
        let batch = StoreBatch(
            lane: StoreBatch.changesLane, before: cursor.description, after: end.description, isLast: isLast,
            rows: rows, payload: try BatchPayload(head: head, body: body).encoded())
        cursor = end
        body = []
        rows = 0
        named = []
        return batch
    }

    /// What has changed since it was asked the last time.
    mutating func takeChanged() -> [StoreDigest.Request] { changed.take() }

    /// All of these tables count as changed: what has changed before is not known.
    mutating func markAll() { for table in plan.tables where table.isFollowed { changed.add(whole: table.title) } }

    private mutating func add(_ bytes: [UInt8], _ ids: [UInt32], rows values: [[LogMessage.Value]])
        throws(MigrationError)
    {
        guard transaction != nil else {
            throw MigrationError(.badAnswer, "The replication stream holds a change outside of a transaction.")
        }
        transaction?.hasBegun = true
        let count = (transaction?.count ?? 0) + 1
        transaction?.count = count
        guard transaction?.isOurs == false, let applied = transaction?.applied, count > applied,
            let commit = transaction?.commit
        else { return }
        for id in ids {
            guard let (relation, message) = relations[id] else {
                throw MigrationError(.badAnswer, "The replication stream holds a row of a table that it has not named.")
            }
            if named.insert(id).inserted { append(message) }
            guard let table = plan[relation.title] else { continue }
            note(table, relation, values)
        }
        append(bytes)
        rows += 1
        end = ChangeCursor(position: commit, changes: count)
    }

    private mutating func append(_ message: [UInt8]) {
        body += (0..<4).reversed().map { UInt8(truncatingIfNeeded: message.count >> ($0 * 8)) }
        body += message
    }

    private mutating func note(
        _ table: MovedTable, _ relation: LogMessage.Relation, _ rows: [[LogMessage.Value]]
    ) {
        let key = table.description.primaryKey
        let places = key.compactMap { name in relation.columns.firstIndex { $0.name == name } }
        guard !key.isEmpty, places.count == key.count, !rows.isEmpty else {
            changed.add(whole: table.title)
            return
        }
        for row in rows {
            let values = places.map { place -> String? in
                guard row.indices.contains(place), case .text(let text) = row[place] else { return nil }
                return text
            }
            if values.contains(nil) { changed.add(whole: table.title) } else { changed.add(values, of: table.title) }
        }
    }
}
