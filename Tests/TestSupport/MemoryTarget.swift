import RealmMigration

/// ``MemoryStore`` as the side where a tenant arrives.
struct MemoryTarget: TargetStore {
    let store: MemoryStore

    func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await store.visit(.target, .survey, ticket) { state in store.survey(state) }
    }

    func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? { store.standing() }

    func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? { store.schemaState() }

    func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await store.visit(.target, .claim, ticket) { state throws(MigrationError) in
            try MemoryStore.claim(&state, ticket)
        }
    }

    func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        try await store.visit(.target, .prepare, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.open, .moved, .arriving])
            guard state.record.state != .arriving else { return }
            guard state.rows.allSatisfy(\.value.isEmpty) else {
                throw MigrationError(.blocked, "the target has rows of the tenant")
            }
            state.record.state = .arriving
            state.cursors = [:]
        }
    }

    func cursors(_ ticket: MoveTicket) async throws(MigrationError) -> [String: String] {
        try await store.visit(.target, .cursors, ticket) { state in state.cursors }
    }

    func apply(_ ticket: MoveTicket, _ batch: StoreBatch) async throws(MigrationError) -> String {
        try await store.visit(.target, .apply, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.arriving])
            let cursor = state.cursors[batch.lane] ?? ""
            if cursor == batch.after { return cursor }
            guard cursor == batch.before else { throw MigrationError(.badAnswer, "the cursor is at \(cursor)") }
            let changes = try MemoryStore.decode(batch.payload)
            if batch.lane == MemoryStore.activating {
                state.staged += changes
            } else {
                MemoryStore.apply(changes, to: &state.rows)
            }
            state.cursors[batch.lane] = batch.after
            return batch.after
        }
    }

    func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        try await store.visit(.target, .digests, ticket) { state in
            requests.map { MemoryStore.digest(Self.rows(state, $0.table), $0) }
        }
    }

    private static func rows(_ state: MemoryStore.State, _ table: String) -> [String: String] {
        guard table == MemoryStore.activating, !state.staged.isEmpty else { return state.rows[table] ?? [:] }
        return Dictionary(state.staged.map { ($0.key, $0.value ?? "") }) { _, last in last }
    }

    func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await store.visit(.target, .rowHashes, ticket) { state in
            MemoryStore.hashes(Self.rows(state, request.table), request)
        }
    }

    func seal(_ ticket: MoveTicket, epoch: Int64) async throws(MigrationError) -> String {
        try await store.visit(.target, .seal, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.arriving, .sealed])
            if state.record.state == .sealed, state.record.epoch == epoch, let token = state.record.token {
                return token
            }
            state.record.state = .sealed
            state.record.epoch = epoch
            let token = "\(store.id)-\(epoch)"
            state.record.token = token
            return token
        }
    }

    func open(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        try await store.visit(.target, .open, ticket) { state throws(MigrationError) in
            guard state.record.token == token else { throw MigrationError(.overtaken, "another token") }
            if state.record.state == .open, state.record.epoch == epoch + 1 { return }
            guard state.record.state == .sealed, state.record.epoch == epoch else {
                throw MigrationError(.overtaken, "the row is \(state.record.state.rawValue)")
            }
            MemoryStore.apply(state.staged, to: &state.rows)
            (state.staged, state.cursors) = ([], [:])
            state.record.state = .open
            state.record.epoch = epoch + 1
        }
    }

    func unseal(_ ticket: MoveTicket) async throws(MigrationError) {
        try await store.visit(.target, .unseal, ticket) { state throws(MigrationError) in
            try MemoryStore.check(state, ticket, [.arriving, .sealed])
            state.record.state = .arriving
            state.record.token = nil
            // What makes the app act for the tenant goes with the next try.
            state.staged = []
            state.cursors[MemoryStore.activating] = nil
        }
    }

    func finish(_ ticket: MoveTicket) async throws(MigrationError) {
        try await store.visit(.target, .finish, ticket) { state throws(MigrationError) in
            if state.record.migration.isEmpty, state.record.state == .open { return }
            try MemoryStore.check(state, ticket, [.open])
            state.record.migration = ""
        }
    }

    func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        try await store.visit(.target, .cleanUp, ticket) { state throws(MigrationError) in
            if state.record.migration.isEmpty, state.record.state == .open { return }
            try MemoryStore.check(state, ticket, [.arriving, .open])
            guard state.record.state == .arriving else {
                guard state.record.token == nil else { throw MigrationError(.overtaken, "the row is open") }
                state.record.migration = ""
                return
            }
            (state.rows, state.cursors, state.staged) = ([:], [:], [])
            state.record.state = .open
            state.record.migration = ""
        }
    }
}
