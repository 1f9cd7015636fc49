import Foundation
import Synchronization
package import TenantDirectory

/// The side of a store that the app itself exports, as the contract says.
///
/// The copy is no snapshot: rows are read as they are, and what is changed meanwhile follows and says how a row is
/// then, so that the target comes to the same in the end. What is compared is therefore no copy but the state at a
/// cursor, in rounds: first all, then the parts that have changed since.
package struct HTTPSourceStore: SourceStore {
    private let caller: StoreCaller
    private let rounds = VerificationRounds()

    /// - Parameter wallClock: seconds since 1970, for signatures.
    package init(
        _ settings: HTTPStoreSettings, region: Region, client: OutboundClient,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        caller = StoreCaller(settings, region: region, client: client, wallClock: wallClock)
    }

    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await caller.survey(ticket, side: "source", mode: mode)
    }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await caller.claim(ticket, side: "source")
    }

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        try await caller.prepare(ticket, side: "source", mode: mode)
    }

    // MARK: Copying

    package func lanes(_ ticket: MoveTicket) async throws(MigrationError) -> [CopyLane] {
        try await collections(ticket).map {
            CopyLane(
                name: $0.name, rows: $0.rows, bytes: $0.bytes, isActivating: $0.activating ?? false,
                follows: $0.follows ?? [])
        }
    }

    private func collections(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreAnswers.Collection] {
        let answer = try await caller.json(
            .collections, StoreQuery(ticket), as: StoreAnswers.Collections.self)
        try caller.check(answer.collections, .collections)
        let names = Set(answer.collections.map(\.name))
        guard answer.collections.allSatisfy({ names.isSuperset(of: $0.follows ?? []) }),
            !names.contains(StoreBatch.changesLane)
        else { throw caller.bad(.collections, "has a collection follow one that is not there, or calls it changes") }
        return answer.collections
    }

    package func copyBatch(
        _ ticket: MoveTicket, lane: String, after cursor: String
    ) async throws(MigrationError) -> StoreBatch {
        var query = StoreQuery(ticket)
        query.add("collection", lane)
        query.add("after", cursor)
        query.add("bytes", Int64(caller.limits.batchBytes))
        let answer = try await caller.call(.export, query)
        return try batch(answer, .export, lane: lane, before: cursor)
    }

    private func batch(
        _ answer: OutboundResponse, _ operation: StoreOperation, lane: String, before: String
    ) throws(MigrationError) -> StoreBatch {
        let body: StoreBody
        do throws(StoreBody.Fault) {
            body = try StoreBody(answer)
        } catch {
            throw caller.bad(operation, error.what)
        }
        // An export that stands still would never end.
        guard body.isLast || body.after != before else {
            throw caller.bad(operation, "brought rows of \(lane) and stayed at the cursor before them")
        }
        return StoreBatch(
            lane: lane, before: before, after: body.after, isLast: body.isLast, rows: body.rows, payload: body.bytes)
    }

    /// Of a copy that is followed there are none: what is compared then comes by rounds.
    package func copyDigests(_ ticket: MoveTicket, key: [UInt8]) async throws(MigrationError) -> [StoreDigest] {
        let lag = try await caller.json(.lag, StoreQuery(ticket), as: StoreAnswers.Lag.self)
        guard !(lag.following ?? false) else { return [] }
        let requests = try await collections(ticket).filter { !($0.activating ?? false) }
            .map { StoreDigest.Request(table: $0.name) }
        return try await digests(ticket, of: requests, key: key)
    }

    // MARK: Following

    package func changes(
        _ ticket: MoveTicket, after cursor: String, marker: String?, wait: Duration
    ) async throws(MigrationError) -> StoreBatch? {
        var query = StoreQuery(ticket)
        query.add("after", cursor)
        query.add("bytes", Int64(caller.limits.batchBytes))
        query.add("wait", Int64(wait.wholeMilliseconds))
        if let marker { query.add("marker", marker) }
        let answer = try await caller.call(.changes, query, extra: wait)
        guard answer.status != 204 else { return nil }
        let batch = try batch(answer, .changes, lane: StoreBatch.changesLane, before: cursor)
        guard marker != nil || !batch.isLast else {
            throw caller.bad(.changes, "calls its changes the last ones though no marker was named")
        }
        rounds.sent(batch.after, ticket)
        return batch
    }

    package func lag(_ ticket: MoveTicket) async throws(MigrationError) -> StoreLag {
        let answer = try await caller.json(.lag, StoreQuery(ticket), as: StoreAnswers.Lag.self)
        guard answer.bytes >= 0 else { throw caller.bad(.lag, "says a negative number of bytes") }
        return StoreLag(
            bytes: answer.bytes, inTheWay: (answer.inTheWay ?? []).prefix(20).map { String($0.prefix(200)) })
    }

    package func confirm(_ ticket: MoveTicket, cursor: String) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("after", cursor)
        _ = try await caller.call(.confirm, query)
    }

    package func changedKeys(_ ticket: MoveTicket) async throws(MigrationError) -> [StoreDigest.Request] {
        let (since, until) = rounds.next(ticket)
        guard let since else {
            let all = try await collections(ticket).map { StoreDigest.Request(table: $0.name) }
            rounds.compared(until, ticket)
            return all
        }
        guard since != until else { return [] }
        var query = StoreQuery(ticket)
        query.add("since", since)
        query.add("until", until)
        let answer = try await caller.json(.changed, query, as: StoreAnswers.Changed.self)
        guard answer.parts.keys.allSatisfy(StoreAnswers.isName),
            answer.parts.values.allSatisfy({ $0.allSatisfy { (0..<StoreDigestCall.parts).contains($0) } })
        else { throw caller.bad(.changed, "names parts that no collection has") }
        rounds.compared(until, ticket)
        return answer.parts.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
            .map { StoreDigest.Request(table: $0.key, keys: Set($0.value).sorted().map(StoreDigestCall.name(ofPart:))) }
    }

    package func digests(
        _ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        try await StoreDigestCall(caller: caller, ticket: ticket).digests(of: requests, key: key)
    }

    package func rowHashes(
        _ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        try await StoreDigestCall(caller: caller, ticket: ticket).rowHashes(of: request, part: part, key: key)
    }

    // MARK: The pause

    package func raiseFence(
        _ ticket: MoveTicket, epoch: Int64, onlyWhereUp: Bool, within budget: Duration
    ) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("epoch", epoch)
        if onlyWhereUp { query.add("frozen", "true") }
        query.add("within", Int64(budget.wholeMilliseconds))
        _ = try await caller.call(.freeze, query, extra: budget)
    }

    package func mark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        let answer = try await caller.json(.mark, StoreQuery(ticket), as: StoreAnswers.Marker.self)
        guard StoreAnswers.isWord(answer.marker) else { throw caller.bad(.mark, "answered with no word as a marker") }
        return answer.marker
    }

    package func decide(
        _ ticket: MoveTicket, epoch: Int64, _ wanted: StoreDecision
    ) async throws(MigrationError) -> StoreDecision {
        var query = StoreQuery(ticket)
        query.add("epoch", epoch)
        let body: [UInt8]
        switch wanted {
        case .open: body = Array(#"{"decision":"open"}"#.utf8)
        case .moved(let token):
            guard StoreAnswers.isName(token), !token.contains("\""), !token.contains("\\") else {
                throw MigrationError(.badAnswer, "\(caller.place(.decide)): the seal's token is no word")
            }
            body = Array(#"{"decision":"moved","token":"\#(token)"}"#.utf8)
        }
        let answer = try await caller.json(.decide, query, body: body, as: StoreAnswers.Decision.self)
        switch (answer.decision, answer.token) {
        case ("open", _): return .open
        case ("moved", let token?) where StoreAnswers.isName(token): return .moved(token: token)
        default: throw caller.bad(.decide, "says neither open nor moved with a token")
        }
    }

    // MARK: Afterwards

    package func purge(_ ticket: MoveTicket, limit: Int64) async throws(MigrationError) -> Int64 {
        var query = StoreQuery(ticket)
        query.add("limit", min(limit, caller.limits.purgeRows))
        let answer = try await caller.json(.purge, query, as: StoreAnswers.Left.self)
        guard answer.left >= 0 else { throw caller.bad(.purge, "says that a negative number of rows is left") }
        return answer.left
    }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("side", "source")
        _ = try await caller.call(.clean, query)
        rounds.forget(ticket)
    }
}
