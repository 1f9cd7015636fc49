package import TenantDirectory

/// The target side of a store that another node reaches: every call is asked of that node.
package struct RemoteTarget: TargetStore {
    private let store: String
    private let region: Region
    private let link: any StoreLink

    package init(store: String, region: Region, link: any StoreLink) {
        self.store = store
        self.region = region
        self.link = link
    }

    private func ask(
        _ act: StoreCall.Act, _ ticket: MoveTicket, payload: [UInt8] = [],
        _ fill: (inout StoreCall.Head) -> Void = { _ in }
    ) async throws(MigrationError) -> StoreAnswerFrame.Head {
        var head = StoreCall.Head(act, store: store, region: region, ticket: ticket)
        fill(&head)
        let answer = try await link.ask(region, StoreCall(head, payload: payload)).head
        if let failure = answer.failure { throw MigrationError(failure.code, failure.message) }
        return answer
    }

    private func said<Value>(_ value: Value?) throws(MigrationError) -> Value {
        guard let value else {
            throw MigrationError(.badAnswer, "A node of \(region) has not answered what it was asked of \(store).")
        }
        return value
    }

    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try said(try await ask(.survey, ticket) { $0.mode = mode }.survey)
    }

    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? {
        try await ask(.standing, ticket).standing
    }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? {
        try await ask(.schemaState, ticket).schemaState
    }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        try await ask(.probe, ticket) { $0.token = nonce }.probe
    }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try said(try await ask(.claim, ticket).claim)
    }

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        _ = try await ask(.prepare, ticket) { $0.mode = mode }
    }

    package func cursors(_ ticket: MoveTicket) async throws(MigrationError) -> [String: String] {
        try said(try await ask(.cursors, ticket).cursors)
    }

    package func apply(_ ticket: MoveTicket, _ batch: StoreBatch) async throws(MigrationError) -> String {
        let named = StoreCall.Batch(
            lane: batch.lane, before: batch.before, after: batch.after, isLast: batch.isLast, rows: batch.rows,
            digest: SHA256.hexDigest(of: batch.payload))
        return try said(try await ask(.apply, ticket, payload: batch.payload) { $0.batch = named }.text)
    }

    package func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        let answer = try await ask(.digests, ticket, payload: key) { $0.requests = requests }
        return try said(answer.digests)
    }

    package func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        let answer = try await ask(.rowHashes, ticket, payload: key) { head in
            head.requests = [request]
            head.part = part
        }
        return try said(answer.hashes)
    }

    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        try said(try await ask(.watchMark, ticket).text)
    }

    package func seal(_ ticket: MoveTicket, epoch: Int64) async throws(MigrationError) -> String {
        try said(try await ask(.seal, ticket) { $0.epoch = epoch }.text)
    }

    package func open(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        _ = try await ask(.open, ticket) { head in
            head.epoch = epoch
            head.token = token
        }
    }

    package func unseal(_ ticket: MoveTicket) async throws(MigrationError) { _ = try await ask(.unseal, ticket) }

    package func finish(_ ticket: MoveTicket) async throws(MigrationError) { _ = try await ask(.finish, ticket) }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) { _ = try await ask(.cleanUp, ticket) }
}
