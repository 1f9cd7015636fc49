import Foundation
package import TenantDirectory

/// The side of a store that the app itself imports, as the contract says.
package struct HTTPTargetStore: TargetStore {
    private let caller: StoreCaller

    /// - Parameter wallClock: seconds since 1970, for signatures.
    package init(
        _ settings: HTTPStoreSettings, region: Region, client: OutboundClient,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        caller = StoreCaller(settings, region: region, client: client, wallClock: wallClock)
    }

    package func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey {
        try await caller.survey(ticket, side: "target", mode: mode)
    }

    package func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim {
        try await caller.claim(ticket, side: "target")
    }

    package func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) {
        try await caller.prepare(ticket, side: "target", mode: mode)
    }

    package func cursors(_ ticket: MoveTicket) async throws(MigrationError) -> [String: String] {
        let answer = try await caller.json(.cursors, StoreQuery(ticket), as: StoreAnswers.Cursors.self)
        guard answer.cursors.count <= StoreAnswers.maxCollections + 1,
            answer.cursors.allSatisfy({ StoreAnswers.isName($0.key) && StoreAnswers.isWord($0.value) })
        else { throw caller.bad(.cursors, "answered with cursors that are no words") }
        return answer.cursors
    }

    package func apply(_ ticket: MoveTicket, _ batch: StoreBatch) async throws(MigrationError) -> String {
        let checksum = SHA256.hexDigest(of: batch.payload)
        var query = StoreQuery(ticket)
        query.add("collection", batch.lane)
        query.add("before", batch.before)
        query.add("after", batch.after)
        query.add("last", batch.isLast ? "true" : "false")
        query.add("rows", batch.rows)
        query.add("batch", Self.name(of: batch, in: ticket, checksum: checksum))
        let answer = try await caller.call(
            .import, query, body: batch.payload, type: "application/octet-stream",
            fields: [(StoreBody.checksumField, checksum)])
        guard let cursor = try? JSONDecoder().decode(StoreAnswers.Cursor.self, from: Data(answer.body)).cursor else {
            throw caller.bad(.import, "took rows and said no cursor")
        }
        guard cursor == batch.after else {
            throw caller.bad(.import, "took rows of \(batch.lane) and is at another cursor than they lead to")
        }
        return cursor
    }

    /// The same for a repetition, another for anything else.
    private static func name(of batch: StoreBatch, in ticket: MoveTicket, checksum: String) -> String {
        let parts = [ticket.migration, "\(ticket.attempt)", batch.lane, batch.before, batch.after, checksum]
        return String(SHA256.hexDigest(of: Array(parts.joined(separator: "\n").utf8)).prefix(32))
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

    package func seal(_ ticket: MoveTicket, epoch: Int64) async throws(MigrationError) -> String {
        var query = StoreQuery(ticket)
        query.add("epoch", epoch)
        let answer = try await caller.json(.seal, query, as: StoreAnswers.Token.self)
        guard StoreAnswers.isName(answer.token), answer.token.utf8.count >= 16,
            answer.token.utf8.allSatisfy(Self.isTokenByte)
        else { throw caller.bad(.seal, "answered with no token of at least 16 letters and digits") }
        return answer.token
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    package func open(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("epoch", epoch)
        guard !token.isEmpty, token.utf8.allSatisfy(Self.isTokenByte) else {
            throw MigrationError(.badAnswer, "\(caller.place(.open)): the seal's token is no word")
        }
        _ = try await caller.call(.open, query, body: Array(#"{"token":"\#(token)"}"#.utf8))
    }

    package func unseal(_ ticket: MoveTicket) async throws(MigrationError) {
        _ = try await caller.call(.unseal, StoreQuery(ticket))
    }

    package func finish(_ ticket: MoveTicket) async throws(MigrationError) {
        _ = try await caller.call(.finish, StoreQuery(ticket))
    }

    package func cleanUp(_ ticket: MoveTicket) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("side", "target")
        _ = try await caller.call(.clean, query)
    }
}
