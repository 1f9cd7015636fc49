import TenantDirectory

/// One migration's data on its way through one store: the copy, what follows it, and the comparison of both sides.
/// Everything it does again after a failure the store's protocol makes harmless.
struct MoveWork: Sendable {
    let move: StoreMove
    let ticket: MoveTicket
    let ledger: MigrationLedger
    let throttle: Throttle
    let lanesAtOnce: Int

    // MARK: Copy

    /// Copies the lanes to their ends.
    /// - Parameter activating: those that make the app act for the tenant, or all others.
    /// - Returns: those that were copied.
    @discardableResult
    func copy(activating: Bool) async throws -> [CopyLane] {
        let lanes = try await move.source.lanes(ticket).filter { $0.isActivating == activating }
        try await copy(lanes)
        return lanes
    }

    private func copy(_ lanes: [CopyLane]) async throws {
        let cursors = try await move.target.cursors(ticket)
        await noteLanes(lanes)
        var order = try LaneOrder(lanes, atOnce: lanesAtOnce)
        try await withThrowingTaskGroup(of: String.self) { group in
            func begin() {
                for lane in order.begin() {
                    group.addTask {
                        try await copy(lane.name, from: cursors[lane.name] ?? "")
                        return lane.name
                    }
                }
            }
            begin()
            for try await lane in group {
                order.end(lane)
                begin()
            }
        }
    }

    private func noteLanes(_ lanes: [CopyLane]) async {
        let name = move.name
        await ledger.note { progress in
            progress.update(name) { store in
                for lane in lanes where !store.lanes.contains(where: { $0.name == lane.name }) {
                    store.lanes.append(
                        .init(name: lane.name, expectedRows: lane.rows, expectedBytes: lane.bytes))
                }
            }
        }
    }

    private func copy(_ lane: String, from start: String) async throws {
        var cursor = start
        while true {
            try Task.checkCancellation()
            let batch = try await move.source.copyBatch(ticket, lane: lane, after: cursor)
            guard batch.lane == lane, batch.before == cursor else {
                throw MigrationError(
                    .badAnswer,
                    "Store \(move.name): \(lane) was asked for after \(cursor), and came after "
                        + "\(batch.before).")
            }
            let next = try await move.target.apply(ticket, batch)
            await noteBatch(batch, lane)
            if batch.isLast { return }
            guard next == batch.after, next != cursor else {
                throw MigrationError(.badAnswer, "Store \(move.name): the cursor of \(lane) does not move on.")
            }
            cursor = next
            try await throttle.pass(batch.payload.count)
        }
    }

    private func noteBatch(_ batch: StoreBatch, _ lane: String) async {
        let (name, rows, bytes, isLast) = (move.name, batch.rows, Int64(batch.payload.count), batch.isLast)
        await ledger.note { progress in
            progress.update(name) { store in
                guard let index = store.lanes.firstIndex(where: { $0.name == lane }) else { return }
                store.lanes[index].rows += rows
                store.lanes[index].bytes += bytes
                store.lanes[index].isDone = isLast
            }
        }
    }

    /// Compares everything that was copied with what was read for it, before any change is applied.
    func verifyCopy() async throws {
        let expected = try await move.source.copyDigests(ticket, key: ticket.digestKey)
        let found = try await move.target.digests(
            ticket, of: expected.map { StoreDigest.Request(table: $0.table) }, key: ticket.digestKey)
        for (one, other) in zip(expected, found) where one != other {
            let named = try await differences(in: StoreDigest.Request(table: one.table), one, other, asCopied: true)
            guard named.isEmpty else { throw error(named) }
            throw MigrationError(
                .differs,
                "Store \(move.name), \(one.table): \(one.rows) rows were read and \(other.rows) arrived, or what "
                    + "arrived is not what was read. Nothing was switched.")
        }
        guard expected.count == found.count else {
            throw MigrationError(.badAnswer, "Store \(move.name) has not compared all of its tables.")
        }
        let name = move.name
        await ledger.note { progress in progress.update(name) { $0.verified = found } }
    }

    // MARK: What follows

    /// Applies what was written until the marker itself arrives.
    func follow(until marker: String) async throws {
        var cursor = try await move.target.cursors(ticket)[StoreBatch.changesLane] ?? ""
        while true {
            try Task.checkCancellation()
            let batch = try await move.source.changes(
                ticket, after: cursor, marker: marker, wait: .milliseconds(500))
            guard let batch else { continue }
            cursor = try await move.target.apply(ticket, batch)
            let (name, rows) = (move.name, batch.rows)
            await ledger.note { progress in progress.update(name) { $0.changedRows += rows } }
            if batch.isLast { break }
        }
        try await move.source.confirm(ticket, cursor: cursor)
    }

    // MARK: Verification

    /// The schema is on both sides what it was when the move was prepared (H12). Takes no time that depends on the
    /// tenant's size; of a store that cannot say it so nothing is asked.
    func checkSchema() async throws {
        let known = await ledger.progress[move.name]
        async let here = move.source.schemaState(ticket)
        async let there = move.target.schemaState(ticket)
        guard let source = try await here, let target = try await there, let known else { return }
        guard source.fingerprint == known.schemaFingerprint, target.fingerprint == known.schemaFingerprint,
            !differs(known, ticket.source, source.own), !differs(known, ticket.target, target.own)
        else { throw schemaError }
    }

    /// What a side needs for itself is another thing on the way back.
    private func differs(_ known: MigrationProgress.Store, _ region: Region, _ own: String) -> Bool {
        guard known.notedFrom == ticket.source.code, let before = known.ownSchemas?[region.code] else { return false }
        return before != own
    }

    var schemaError: MigrationError {
        MigrationError(
            .schemaChanged,
            "Store \(move.name): the schema has changed while the tenant was moving. Deploy to both regions, then "
                + "start again.")
    }

    /// Of both sides; see ``SourceStore/watchMark(_:)``.
    func watchMark() async throws -> String {
        async let here = move.source.watchMark(ticket)
        async let there = move.target.watchMark(ticket)
        let (source, target) = try await (here, there)
        return source + " " + target
    }

    /// Compares these rows, or tables, on both sides.
    /// - Returns: what differs, by table: the keys of the rows.
    func differences(_ requests: [StoreDigest.Request]) async throws -> [StoreDifference] {
        guard !requests.isEmpty else { return [] }
        let key = ticket.digestKey
        async let here = move.source.digests(ticket, of: requests, key: key)
        async let there = move.target.digests(ticket, of: requests, key: key)
        let (one, other) = try await (here, there)
        guard one.count == requests.count, other.count == requests.count else {
            throw MigrationError(.badAnswer, "Store \(move.name) has not compared all that was asked for.")
        }
        var found: [StoreDifference] = []
        for (request, (left, right)) in zip(requests, zip(one, other)) where left != right {
            found += try await differences(in: request, left, right, asCopied: false)
        }
        return found
    }

    private func differences(
        in request: StoreDigest.Request, _ left: StoreDigest, _ right: StoreDigest, asCopied: Bool
    ) async throws -> [StoreDifference] {
        var found: [StoreDifference] = []
        for part in left.sums.indices
        where !right.sums.indices.contains(part) || left.sums[part] != right.sums[part] {
            found += try await differences(in: request, part, asCopied: asCopied)
        }
        return found
    }

    private func differences(
        in request: StoreDigest.Request, _ part: Int, asCopied: Bool
    ) async throws -> [StoreDifference] {
        let key = ticket.digestKey
        async let here =
            asCopied
            ? move.source.copyRowHashes(ticket, of: request, part: part, key: key)
            : move.source.rowHashes(ticket, of: request, part: part, key: key)
        async let there = move.target.rowHashes(ticket, of: request, part: part, key: key)
        let (one, other) = try await (here, there)
        return Set(one.keys).union(other.keys).sorted().compactMap { name in
            guard one[name] != other[name] else { return nil }
            let kind: StoreDifference.Kind = one[name] == nil ? .extra : other[name] == nil ? .missing : .changed
            return StoreDifference(table: request.table, key: name, kind: kind)
        }
    }

    /// Named, for people: the first few.
    func error(_ differences: [StoreDifference]) -> MigrationError {
        let named = differences.prefix(5).map { "\($0.table) \($0.key) is \($0.kind.rawValue) in the target" }
        let more = differences.count > 5 ? " and \(differences.count - 5) more" : ""
        return MigrationError(
            .differs, "Store \(move.name): \(named.joined(separator: "; "))\(more). Nothing was switched.")
    }
}
