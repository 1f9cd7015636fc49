import RealmMigration

/// ``MemoryStore`` as the side that a tenant leaves.
struct MemorySource: SourceStore {
    let store: MemoryStore

    func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await store.visit(.source, .survey, ticket) { state in store.survey(state) }
    }

    func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? { store.standing() }

    func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? { store.schemaState() }

    func reassert(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        try await store.visit(.source, .reassert, ticket) { state throws(MigrationError) in
            guard state.record.epoch <= epoch else { throw MigrationError(.overtaken, "a later epoch") }
            (state.record.state, state.record.epoch, state.record.token) = (.moved, epoch, token)
            (state.record.migration, state.record.generation) = (ticket.migration, ticket.generation)
            state.record.attempt = ticket.attempt
        }
    }

    func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await store.visit(.source, .claim, ticket) { state throws(MigrationError) in
            try MemoryStore.claim(&state, ticket)
        }
    }

    func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        try await store.visit(.source, .prepare, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .fenced])
            guard !state.isPrepared else { return }
            state.isPrepared = true
            state.log = []
            state.changed = [:]
            state.snapshot = [:]
        }
    }

    func lanes(_ ticket: MoveTicket) async throws(MigrationError) -> [CopyLane] {
        try await store.visit(.source, .lanes, ticket) { state in
            for (table, rows) in state.rows where state.snapshot[table] == nil && table != MemoryStore.activating {
                state.snapshot[table] = Self.snapshot(table, rows)
            }
            return state.rows.sorted { $0.key < $1.key }.map { table, rows in
                CopyLane(
                    name: table, rows: Int64(rows.count), bytes: Int64(rows.count * 10),
                    isActivating: table == MemoryStore.activating)
            }
        }
    }

    private static func snapshot(_ table: String, _ rows: [String: String]) -> [MemoryStore.Change] {
        rows.sorted { $0.key < $1.key }.map { MemoryStore.Change(table: table, key: $0.key, value: $0.value) }
    }

    func copyBatch(_ ticket: MoveTicket, lane: String, after cursor: String) async throws(MigrationError) -> StoreBatch
    {
        try await store.visit(.source, .copyBatch, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .fenced])
            let all = state.snapshot[lane] ?? Self.snapshot(lane, state.rows[lane] ?? [:])
            let start = Int(cursor) ?? 0
            let part = Array(all.dropFirst(start).prefix(MemoryStore.rowsOfBatch))
            let end = start + part.count
            return StoreBatch(
                lane: lane, before: cursor, after: "\(end)", isLast: end >= all.count, rows: Int64(part.count),
                payload: MemoryStore.encode(part))
        }
    }

    func copyDigests(_ ticket: MoveTicket, key: [UInt8]) async throws(MigrationError) -> [StoreDigest] {
        try await store.visit(.source, .copyDigests, ticket) { state in
            state.snapshot.sorted { $0.key < $1.key }.map { table, changes in
                let rows = Dictionary(changes.map { ($0.key, $0.value ?? "") }) { _, last in last }
                return MemoryStore.digest(rows, StoreDigest.Request(table: table))
            }
        }
    }

    func changes(
        _ ticket: MoveTicket, after cursor: String, marker: String?, wait: Duration
    ) async throws(MigrationError) -> StoreBatch? {
        try await store.visit(.source, .changes, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .fenced])
            let start = Int(cursor) ?? 0
            guard start < state.log.count else { return nil }
            var (changes, end, isLast): ([MemoryStore.Change], Int, Bool) = ([], start, false)
            for entry in state.log[start...].prefix(MemoryStore.rowsOfBatch) where !isLast {
                end += 1
                switch entry {
                case .change(let change): if change.table != MemoryStore.activating { changes.append(change) }
                case .marker(let name): isLast = name == marker
                }
            }
            return StoreBatch(
                lane: StoreBatch.changesLane, before: cursor, after: "\(end)", isLast: isLast,
                rows: Int64(changes.count), payload: MemoryStore.encode(changes))
        }
    }

    func lag(_ ticket: MoveTicket) async throws(MigrationError) -> StoreLag {
        try await store.visit(.source, .lag, ticket) { _ in StoreLag(bytes: 0) }
    }

    func confirm(_ ticket: MoveTicket, cursor: String) async throws(MigrationError) {
        try await store.visit(.source, .confirm, ticket) { _ in }
    }

    func changedKeys(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreDigest.Request] {
        try await store.visit(.source, .changedKeys, ticket) { state in
            defer { state.changed = [:] }
            return state.changed.filter { $0.key != MemoryStore.activating }
                .map { StoreDigest.Request(table: $0.key, keys: $0.value.sorted()) }
        }
    }

    func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        try await store.visit(.source, .digests, ticket) { state in
            requests.map { MemoryStore.digest(state.rows[$0.table] ?? [:], $0) }
        }
    }

    func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await store.visit(.source, .rowHashes, ticket) { state in
            MemoryStore.hashes(state.rows[request.table] ?? [:], request)
        }
    }

    func raiseFence(
        _ ticket: MoveTicket, epoch: Int64, onlyWhereUp: Bool, within budget: Duration
    ) async throws(MigrationError) {
        try await store.visit(.source, .raiseFence, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .fenced])
            if onlyWhereUp, state.record.state == .open { throw MigrationError(.mustRestart, "it was let go") }
            guard epoch > state.record.epoch || state.record.state == .fenced && epoch == state.record.epoch else {
                throw MigrationError(.overtaken, "given up already")
            }
            state.record.state = .fenced
            state.record.epoch = epoch
        }
    }

    func mark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        try await store.visit(.source, .mark, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .fenced])
            let marker = "m\(state.log.count)"
            state.log.append(.marker(marker))
            return marker
        }
    }

    func decide(_ ticket: MoveTicket, epoch: Int64, _ wanted: StoreDecision) async throws(MigrationError)
        -> StoreDecision
    {
        try await store.visit(.source, .decide, ticket) { state throws(MigrationError) in
            let record = state.record
            if record.state == .open, record.epoch >= epoch { return .open }
            if record.state == .moved || record.state == .purging, record.epoch == epoch, let token = record.token {
                return .moved(token: token)
            }
            switch (record.state, wanted) {
            case (.open, .open), (.fenced, .open):
                state.record.state = .open
                state.record.epoch = epoch
                return .open
            case (.fenced, .moved(let token)):
                try MemoryStore.check(state, ticket, [.fenced])
                guard record.epoch == epoch else { throw MigrationError(.overtaken, "another epoch") }
                state.record.state = .moved
                state.record.token = token
                return wanted
            default: throw MigrationError(.overtaken, "the row is \(record.state.rawValue)")
            }
        }
    }

    func finish(_ ticket: MoveTicket) async throws(MigrationError) {
        try await store.visit(.source, .finish, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.moved, .purging])
            state.log = []
        }
    }

    func purge(_ ticket: MoveTicket, limit: Int64) async throws(MigrationError) -> Int64 {
        try await store.visit(.source, .purge, ticket) { state throws(MigrationError) in
            if state.record.migration.isEmpty, state.record.state == .moved { return 0 }
            try MemoryStore.check(state, ticket, [.moved, .purging])
            state.record.state = .purging
            state.rows = [:]
            state.isPrepared = false
            (state.snapshot, state.log, state.changed) = ([:], [], [:])
            state.record.state = .moved
            state.record.migration = ""
            return 0
        }
    }

    func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        try await store.visit(.source, .cleanUp, ticket) { state throws(MigrationError) in
            if state.record.migration.isEmpty, state.record.state == .open { return }
            try MemoryStore.check(state, ticket, [.open, .fenced])
            state.isPrepared = false
            (state.snapshot, state.log, state.changed) = ([:], [], [:])
            state.record.state = .open
            state.record.migration = ""
        }
    }
}

extension MemoryStore {
    func survey(_ state: State) -> StoreSurvey {
        var survey = StoreSurvey(storeID: id)
        survey.tables = state.rows.sorted { $0.key < $1.key }.map {
            StoreSurvey.Table(name: $0.key, rows: Int64($0.value.count), bytes: 10, isLive: true)
        }
        survey.schemaFingerprint = state.schema
        survey.hasFence = true
        return survey
    }
}
