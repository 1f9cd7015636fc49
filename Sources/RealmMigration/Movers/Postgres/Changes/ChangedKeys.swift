/// Keys of rows that have changed since the last round of verification, within bounds: a table with more is compared
/// whole.
struct ChangedKeys: Sendable, Equatable {
    /// Keys of one table.
    static let limit = 50_000

    private var keys: [String: Set<[String?]>] = [:]
    private var wholes: Set<String> = []

    mutating func add(_ key: [String?], of table: String) {
        guard !wholes.contains(table) else { return }
        keys[table, default: []].insert(key)
        if keys[table, default: []].count > Self.limit { add(whole: table) }
    }

    mutating func add(whole table: String) {
        keys[table] = nil
        wholes.insert(table)
    }

    /// What is to be compared; from then on it counts as compared.
    mutating func take() -> [StoreDigest.Request] {
        defer { self = ChangedKeys() }
        let whole = wholes.sorted().map { StoreDigest.Request(table: $0) }
        let parts = keys.sorted { $0.key < $1.key }.map { table, keys in
            StoreDigest.Request(table: table, keys: keys.compactMap { try? StoreJSON.encode($0) }.sorted())
        }
        return whole + parts
    }
}
