import Foundation
import TenantDirectory

/// What a node says of itself to others: who it is, and which regions it owns.
struct AboutNode: Codable, Equatable {
    let node: String
    /// Realm codes.
    let regions: [String]
    /// Of its program.
    let version: String

    init(_ record: NodeRecord) {
        node = record.identity.id
        regions = record.regions.map(\.code)
        version = record.version
    }

    /// - Returns: `nil` for what is not such an answer.
    init?(_ body: [UInt8]) {
        guard let about = try? JSONDecoder().decode(AboutNode.self, from: Data(body)) else { return nil }
        self = about
    }

    var body: [UInt8] { (try? JSONEncoder().encode(self)).map { Array($0) } ?? [] }
}
