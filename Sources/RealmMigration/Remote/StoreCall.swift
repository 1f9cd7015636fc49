import Foundation
import TenantDirectory

/// One call of a store's target side, between two nodes: a line of JSON that says what, and bytes that only the mover
/// reads. Bounded by ``maxBytes``; the bytes are checked by their digest.
package struct StoreCall: Sendable, Equatable {
    /// Of a call as a whole. A batch is about a megabyte, and longer only where a single row is.
    package static let maxBytes = 64 << 20

    enum Act: String, Sendable, Codable {
        case survey, standing, schemaState, probe, claim, prepare, cursors, apply, digests, rowHashes, seal, open,
            unseal, finish, cleanUp, watchMark
    }

    struct Head: Sendable, Codable, Equatable {
        var act: Act
        var store: String
        var region: Region
        var ticket: MoveTicket
        var mode: MoveMode?
        var batch: Batch?
        var requests: [StoreDigest.Request]?
        var part: Int?
        var epoch: Int64?
        var token: String?

        init(_ act: Act, store: String, region: Region, ticket: MoveTicket) {
            self.act = act
            self.store = store
            self.region = region
            self.ticket = ticket
        }
    }

    /// A batch without its payload.
    struct Batch: Sendable, Codable, Equatable {
        var lane: String
        var before: String
        var after: String
        var isLast: Bool
        var rows: Int64
        var digest: String
    }

    var head: Head
    var payload: [UInt8] = []

    init(_ head: Head, payload: [UInt8] = []) {
        self.head = head
        self.payload = payload
    }

    package var bytes: [UInt8] { StoreFrame.encode(head, payload) }

    /// - Throws: `.badAnswer` for what is none, or was damaged on the way.
    package init(_ bytes: [UInt8]) throws(MigrationError) {
        (head, payload) = try StoreFrame.decode(Head.self, bytes)
        guard let batch = head.batch else { return }
        guard batch.digest == SHA256.hexDigest(of: payload) else {
            throw MigrationError(.badAnswer, "A batch of \(batch.lane) was damaged on the way between two nodes.")
        }
    }
}

/// What a node answers to a ``StoreCall``.
package struct StoreAnswerFrame: Sendable, Equatable {
    struct Head: Sendable, Codable, Equatable {
        struct Failure: Sendable, Codable, Equatable {
            var code: MigrationError.Code
            var message: String
        }

        var failure: Failure?
        var survey: StoreSurvey?
        var standing: StoreStanding?
        var schemaState: StoreSchemaState?
        var probe: StoreProbe?
        var claim: StoreClaim?
        var cursors: [String: String]?
        var digests: [StoreDigest]?
        var hashes: [String: String]?
        /// A cursor, a token, or a mark.
        var text: String?
    }

    var head: Head

    init(_ head: Head) { self.head = head }

    package var bytes: [UInt8] { StoreFrame.encode(head, []) }

    /// - Throws: `.badAnswer` for what is none.
    package init(_ bytes: [UInt8]) throws(MigrationError) { head = try StoreFrame.decode(Head.self, bytes).0 }
}

/// Four bytes of length, so many of JSON, and the rest.
enum StoreFrame {
    private static let lengthCount = 4

    static func encode(_ head: some Encodable, _ payload: [UInt8]) -> [UInt8] {
        let json = (try? JSONEncoder().encode(head)).map(Array.init) ?? []
        let length = UInt32(truncatingIfNeeded: json.count)
        return (0..<lengthCount).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + json + payload
    }

    static func decode<Head: Decodable>(_ type: Head.Type, _ bytes: [UInt8]) throws(MigrationError) -> (Head, [UInt8]) {
        let length = bytes.prefix(lengthCount).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= lengthCount, length <= bytes.count - lengthCount,
            let head = try? JSONDecoder().decode(type, from: Data(bytes[lengthCount..<lengthCount + length]))
        else { throw MigrationError(.badAnswer, "What another node says of a store cannot be read.") }
        return (head, Array(bytes[(lengthCount + length)...]))
    }
}
