/// What is compared between the two sides. Whoever computes it shares no code with whoever copies.
package struct StoreDigest: Sendable, Codable, Equatable {
    /// What is asked for.
    package struct Request: Sendable, Codable, Equatable {
        package var table: String
        /// Rows of these keys alone, as the mover writes keys; `nil` for the whole table.
        package var keys: [String]?

        package init(table: String, keys: [String]? = nil) {
            self.table = table
            self.keys = keys
        }
    }

    package var table: String
    package var rows: Int64
    /// Sums of the rows' keyed hashes, by a part of the hash of the key. Differing parts are looked into by name.
    package var sums: [String]

    package init(table: String, rows: Int64, sums: [String]) {
        self.table = table
        self.rows = rows
        self.sums = sums
    }
}

/// Rows that differ between the two sides.
package struct StoreDifference: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable {
        case missing
        case extra
        case changed
    }

    package var table: String
    package var key: String
    package var kind: Kind

    package init(table: String, key: String, kind: Kind) {
        self.table = table
        self.key = key
        self.kind = kind
    }
}
