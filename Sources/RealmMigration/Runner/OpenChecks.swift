/// The rows of one store that have to be compared again: changed since they were found equal. Pure.
struct OpenChecks: Sendable, Equatable {
    /// Keys by table.
    private var keys: [String: Set<String>] = [:]
    /// Tables of which every row is to be compared.
    private var tables: Set<String>

    /// - Parameter tables: those of which nothing is known.
    init(tables: some Sequence<String> = []) { self.tables = Set(tables) }

    var isEmpty: Bool { keys.isEmpty && tables.isEmpty }
    var count: Int { keys.values.reduce(0) { $0 + $1.count } }
    /// Something is left whose comparison takes as long as the table is large.
    var hasWholeTable: Bool { !tables.isEmpty }

    mutating func add(_ requests: [StoreDigest.Request]) {
        for request in requests {
            if let changed = request.keys {
                guard !changed.isEmpty else { continue }
                keys[request.table, default: []].formUnion(changed)
            } else {
                tables.insert(request.table)
            }
        }
    }

    /// All of it; what is not equal has to be added again.
    mutating func take() -> [StoreDigest.Request] {
        defer { (keys, tables) = ([:], []) }
        return tables.sorted().map { StoreDigest.Request(table: $0) }
            + keys.filter { !tables.contains($0.key) }.sorted { $0.key < $1.key }
            .map { StoreDigest.Request(table: $0.key, keys: $0.value.sorted()) }
    }

    mutating func add(_ differences: [StoreDifference]) {
        for difference in differences { keys[difference.table, default: []].insert(difference.key) }
    }
}
