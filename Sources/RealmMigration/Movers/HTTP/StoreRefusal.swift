import Foundation

/// Why an app refuses a call: a code of the contract's closed set, and a sentence for people.
package struct StoreRefusal: Sendable, Equatable {
    /// The codes an app may answer with, each with a status of 409, 422 or 423.
    package enum Code: String, Sendable, Codable, CaseIterable {
        /// The tenant's row is another migration's, generation's, attempt's or directory's, or is past this act.
        case overtaken
        /// Something that cannot be moved as it is.
        case blocked
        /// A change did not meet the row it was for.
        case differs
        /// The app's own schema is not what it was when the move was prepared.
        case schemaChanged = "schema-changed"
        /// What is running for the tenant did not end in time.
        case inTheWay = "in-the-way"
        /// The cursor is not the one that the batch follows, or is known no more: the copy begins anew.
        case restart
    }

    package let code: String
    package let message: String

    /// - Returns: `nil` for a body that is not `{"code": …, "message": …}`.
    package init?(_ body: [UInt8]) {
        guard body.count <= 16_384, let shape = try? JSONDecoder().decode(Shape.self, from: Data(body)) else {
            return nil
        }
        code = shape.code
        // It may end up on a terminal and in a log.
        message = String(
            String.UnicodeScalarView((shape.message ?? "").unicodeScalars.prefix(300).filter { $0.value >= 0x20 }))
    }

    private struct Shape: Decodable {
        var code: String
        var message: String?
    }

    /// `nil` for a code that the contract does not know.
    var migrationCode: MigrationError.Code? {
        switch Code(rawValue: code) {
        case .overtaken: .overtaken
        case .blocked: .blocked
        case .differs: .differs
        case .schemaChanged: .schemaChanged
        case .inTheWay: .inTheWay
        case .restart: .mustRestart
        case nil: nil
        }
    }
}
