import Foundation

/// The answer to a question of a cutover as it travels from node to node: JSON.
package struct HoldAnswerBody: Codable {
    private enum Kind: String, Codable {
        case traffic, acknowledged, inTheWay, ahead, released, unable
    }

    private struct Request: Codable {
        var name: String
        var ageMicros: Int64
        var isSafe: Bool
    }

    private struct Traffic: Codable {
        var safe: Int
        var unsafe: Int
        var streams: Int
        var oldest: [Request]
    }

    private var kind: Kind
    private var traffic: Traffic?
    private var epoch: Int64?
    private var node: String?
    private var incarnation: String?
    private var ageMicros: Int64?
    private var target: String?
    private var paths: [String]?
    private var sentence: String?

    /// Bytes of an answer; there is nothing in it that could be longer.
    package static let maxBytes = 64 * 1024
    /// Of what is in the way, and of its names.
    private static let maxPaths = 64

    /// The bytes to send.
    package static func encode(_ answer: HoldAnswer) -> [UInt8] {
        var body: HoldAnswerBody
        switch answer {
        case .traffic(let traffic, let epoch, let standing):
            body = HoldAnswerBody(kind: .traffic, traffic: part(traffic), epoch: epoch)
            body.note(standing)
        case .acknowledged(let node, let standing):
            body = HoldAnswerBody(kind: .acknowledged, node: node.id, incarnation: node.incarnation)
            body.note(standing)
        case .inTheWay(let paths): body = HoldAnswerBody(kind: .inTheWay, paths: Array(paths.prefix(maxPaths)))
        case .ahead(let epoch): body = HoldAnswerBody(kind: .ahead, epoch: epoch)
        case .released: body = HoldAnswerBody(kind: .released)
        case .unable(let sentence): body = HoldAnswerBody(kind: .unable, sentence: sentence)
        }
        // Nothing in it can fail to be encoded.
        return (try? JSONEncoder().encode(body)).map(Array.init) ?? []
    }

    /// What another node has answered, read without trust; `nil` where it is not an answer.
    package static func decode(_ bytes: [UInt8]) -> HoldAnswer? {
        guard bytes.count <= maxBytes,
            let body = try? JSONDecoder().decode(HoldAnswerBody.self, from: Data(bytes))
        else { return nil }
        switch body.kind {
        case .traffic:
            guard let traffic = body.traffic.flatMap(read), let epoch = body.epoch, let standing = body.standing else {
                return nil
            }
            return .traffic(traffic, knownEpoch: epoch, standing)
        case .acknowledged:
            guard let node = body.node, let incarnation = body.incarnation, let standing = body.standing else {
                return nil
            }
            return .acknowledged(NodeRecord.Identity(id: node, incarnation: incarnation), standing)
        case .inTheWay:
            guard let paths = body.paths, paths.count <= maxPaths else { return nil }
            return .inTheWay(paths)
        case .ahead: return body.epoch.map { .ahead($0) }
        case .released: return .released
        case .unable: return body.sentence.map { .unable($0) }
        }
    }

    private mutating func note(_ standing: HoldStanding) {
        ageMicros = standing.age.microseconds
        target = standing.target.rawValue
    }

    private var standing: HoldStanding? {
        guard let ageMicros, ageMicros >= 0, let target = target.flatMap({ HoldStanding.Target(rawValue: $0) }) else {
            return nil
        }
        return HoldStanding(age: .microseconds(ageMicros), target: target)
    }

    private static func part(_ traffic: TenantTraffic) -> Traffic {
        Traffic(
            safe: traffic.safe, unsafe: traffic.unsafe, streams: traffic.streams,
            oldest: traffic.oldest.map {
                Request(name: $0.name, ageMicros: $0.age.microseconds, isSafe: $0.isSafe)
            })
    }

    private static func read(_ part: Traffic) -> TenantTraffic? {
        guard part.oldest.count <= TenantTraffic.namedRequests, part.safe >= 0, part.unsafe >= 0, part.streams >= 0
        else { return nil }
        var traffic = TenantTraffic()
        for request in part.oldest {
            traffic.add(.init(name: request.name, age: .microseconds(request.ageMicros), isSafe: request.isSafe))
        }
        // Those that are not named count too.
        (traffic.safe, traffic.unsafe) = (part.safe, part.unsafe)
        traffic.streams = part.streams
        return traffic
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? .max : whole.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue
    }
}
