/// What the app's answers look like; ``StoreCaller`` reads them, and each is checked for what a decoder cannot see.
enum StoreAnswers {
    /// Collections of a store, at most.
    static let maxCollections = 1_000
    /// Bytes of a cursor, a marker, a token or the name of a collection.
    static let maxWordBytes = 1_024

    struct Collection: Decodable {
        var name: String
        var rows: Int64
        var bytes: Int64
        var live: Bool?
        var activating: Bool?
        var follows: [String]?
    }

    struct Finding: Decodable {
        var code: String
        var message: String
        var remedy: String?
    }

    struct Survey: Decodable {
        var storeId: String
        var schema: String
        var fence: Bool
        var collections: [Collection]
        var blockers: [Finding]?
        var warnings: [Finding]?
    }

    struct Collections: Decodable { var collections: [Collection] }
    struct Cursors: Decodable { var cursors: [String: String] }
    struct Cursor: Decodable { var cursor: String }
    struct Lag: Decodable {
        var bytes: Int64
        /// Changes are recorded and can be asked for.
        var following: Bool?
        var inTheWay: [String]?
    }
    struct Changed: Decodable {
        /// By collection, the parts of its digest that are not what they were.
        var parts: [String: [Int]]
    }
    struct Rows: Decodable { var rows: [String: String] }
    struct Marker: Decodable { var marker: String }
    struct Token: Decodable { var token: String }
    struct Decision: Decodable {
        var decision: String
        var token: String?
    }
    struct Left: Decodable { var left: Int64 }

    /// Printable, not too long, and not of blanks: what may be sent back in a query.
    static func isWord(_ text: String) -> Bool {
        text.utf8.count <= maxWordBytes && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    static func isName(_ text: String) -> Bool { !text.isEmpty && isWord(text) }
}
