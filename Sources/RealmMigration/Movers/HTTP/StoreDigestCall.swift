import Foundation
import TenantDirectory

/// What both sides of a move are asked to compare, and what an answer to that must look like.
///
/// A row belongs to a part by the hash of its key, so that both sides and the mover agree on it. The sums of parts that
/// were not asked for are empty.
struct StoreDigestCall {
    static let parts = 64
    let caller: StoreCaller
    let ticket: MoveTicket

    private struct Question: Encodable {
        struct Collection: Encodable {
            var name: String
            var parts: [Int]?
        }

        var key: String
        var collections: [Collection]
    }

    private struct Answer: Decodable {
        struct Digest: Decodable {
            var name: String
            var rows: Int64
            var sums: [String]
        }

        var digests: [Digest]
    }

    private struct RowQuestion: Encodable {
        var key: String
        var name: String
        var part: Int
    }

    func digests(
        of requests: [StoreDigest.Request], key: [UInt8]
    ) async throws(MigrationError) -> [StoreDigest] {
        guard !requests.isEmpty else { return [] }
        var asked: [Question.Collection] = []
        for request in requests { asked.append(.init(name: request.table, parts: parts(of: request))) }
        let body = Self.encoded(Question(key: Hexadecimal.lowerCase(key), collections: asked))
        let answer = try await caller.json(.digests, StoreQuery(ticket), body: body, as: Answer.self)
        guard answer.digests.map(\.name) == asked.map(\.name) else {
            throw caller.bad(.digests, "compares other collections than it was asked for")
        }
        for (digest, question) in zip(answer.digests, asked) {
            let wanted = question.parts.map(Set.init)
            let isWhole = digest.sums.enumerated().allSatisfy { index, sum in
                sum.utf8.count <= 64 && (wanted?.contains(index) == false ? sum.isEmpty : !sum.isEmpty)
            }
            guard digest.sums.count == Self.parts, digest.rows >= 0, isWhole else {
                throw caller.bad(.digests, "answered for \(digest.name) with other parts than it was asked for")
            }
        }
        return answer.digests.map { StoreDigest(table: $0.name, rows: $0.rows, sums: $0.sums) }
    }

    func rowHashes(
        of request: StoreDigest.Request, part: Int, key: [UInt8]
    ) async throws(MigrationError) -> [String: String] {
        let question = RowQuestion(key: Hexadecimal.lowerCase(key), name: request.table, part: part)
        let answer = try await caller.json(
            .rows, StoreQuery(ticket), body: Self.encoded(question), as: StoreAnswers.Rows.self)
        let areFit = answer.rows.allSatisfy { key, hash in
            key.utf8.count <= StoreAnswers.maxWordBytes && hash.utf8.count <= 128 && key.utf8.allSatisfy { $0 >= 0x20 }
        }
        guard areFit else {
            throw caller.bad(.rows, "names rows of \(request.table) by keys or hashes that are too long, or no text")
        }
        return answer.rows
    }

    /// The parts that a request asks for: named by ``name(ofPart:)``, or by the keys of rows in them.
    private func parts(of request: StoreDigest.Request) -> [Int]? {
        request.keys.map { keys in
            Set(
                keys.map { key in
                    if key.hasPrefix(Self.partMark), let part = Int(key.dropFirst(Self.partMark.count)),
                        (0..<Self.parts).contains(part)
                    {
                        return part
                    }
                    return Int(SHA256.digest(of: Array(key.utf8)).first ?? 0) % Self.parts
                }
            ).sorted()
        }
    }

    /// What stands among the keys of a request for a whole part. No key of a row begins so.
    static func name(ofPart part: Int) -> String { "\(partMark)\(part)" }

    private static let partMark = "\u{1}"

    private static func encoded(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and whole numbers can always be encoded.
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }
}
