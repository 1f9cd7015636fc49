package import RealmMigration

/// A store that a tenant leaves, with faults planted around it: what is done before and after some of its calls, and
/// calls that come in another order than the runner's.
package struct PlantedSource: SourceStore {
    package enum Call: Sendable, Hashable {
        case prepare, copyDigests, raiseFence, mark, changedKeys
    }

    package typealias Hook = @Sendable (MoveTicket) async -> Void

    private let base: any SourceStore
    private let before: [Call: Hook]
    private let after: [Call: Hook]
    /// The fence is raised when everything up to the marker has arrived.
    private let raisesFenceLate: Bool

    package init(
        _ base: any SourceStore, before: [Call: Hook] = [:], after: [Call: Hook] = [:],
        raisesFenceLate: Bool = false
    ) {
        self.base = base
        self.before = before
        self.after = after
        self.raisesFenceLate = raisesFenceLate
    }

    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await base.survey(ticket, mode: mode)
    }

    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? {
        try await base.standing(ticket)
    }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? {
        try await base.schemaState(ticket)
    }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        try await base.probe(ticket, writing: nonce)
    }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim { try await base.claim(ticket) }

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        await before[.prepare]?(ticket)
        try await base.prepare(ticket, mode: mode)
        await after[.prepare]?(ticket)
    }

    package func lanes(_ ticket: MoveTicket) async throws(MigrationError) -> [CopyLane] { try await base.lanes(ticket) }

    package func copyBatch(
        _ ticket: MoveTicket, lane: String, after cursor: String
    ) async throws(MigrationError) -> StoreBatch {
        try await base.copyBatch(ticket, lane: lane, after: cursor)
    }

    package func copyDigests(_ ticket: MoveTicket, key: [UInt8]) async throws(MigrationError) -> [StoreDigest] {
        await before[.copyDigests]?(ticket)
        return try await base.copyDigests(ticket, key: key)
    }

    package func copyRowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await base.copyRowHashes(ticket, of: request, part: part, key: key)
    }

    package func changes(
        _ ticket: MoveTicket, after cursor: String, marker: String?, wait: Duration
    ) async throws(MigrationError) -> StoreBatch? {
        try await base.changes(ticket, after: cursor, marker: marker, wait: wait)
    }

    package func lag(_ ticket: MoveTicket) async throws(MigrationError) -> StoreLag { try await base.lag(ticket) }

    package func confirm(_ ticket: MoveTicket, cursor: String) async throws(MigrationError) {
        try await base.confirm(ticket, cursor: cursor)
    }

    package func changedKeys(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreDigest.Request] {
        await before[.changedKeys]?(ticket)
        return try await base.changedKeys(ticket)
    }

    package func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        try await base.digests(ticket, of: requests, key: key)
    }

    package func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await base.rowHashes(ticket, of: request, part: part, key: key)
    }

    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        try await base.watchMark(ticket)
    }

    package func raiseFence(
        _ ticket: MoveTicket, epoch: Int64, onlyWhereUp: Bool, within budget: Duration
    ) async throws(MigrationError) {
        await before[.raiseFence]?(ticket)
        if !raisesFenceLate {
            try await base.raiseFence(ticket, epoch: epoch, onlyWhereUp: onlyWhereUp, within: budget)
        }
        await after[.raiseFence]?(ticket)
    }

    package func mark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        await before[.mark]?(ticket)
        return try await base.mark(ticket)
    }

    package func decide(
        _ ticket: MoveTicket, epoch: Int64, _ wanted: StoreDecision
    ) async throws(MigrationError) -> StoreDecision {
        if raisesFenceLate { try await base.raiseFence(ticket, epoch: epoch, within: .seconds(30)) }
        return try await base.decide(ticket, epoch: epoch, wanted)
    }

    package func finish(_ ticket: MoveTicket) async throws(MigrationError) { try await base.finish(ticket) }

    package func purge(_ ticket: MoveTicket, limit: Int64) async throws(MigrationError) -> Int64 {
        try await base.purge(ticket, limit: limit)
    }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) { try await base.cleanUp(ticket) }
}
