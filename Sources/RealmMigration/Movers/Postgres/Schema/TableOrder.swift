/// Puts what is referred to before what refers to it, by foreign keys.
struct TableOrder {
    private(set) var tables: [MovedTable] = []
    /// Tables that refer to each other in a circle, or to themselves.
    private(set) var circles: [[String]] = []

    init(_ found: [MovedTable]) {
        let titles = Set(found.map(\.title))
        var left = found.sorted { $0.title < $1.title }
        for table in left where Self.references(table).contains(table.title) { circles.append([table.title]) }
        var placed: Set<String> = []
        while !left.isEmpty {
            let ready = left.filter { table in
                Self.references(table).allSatisfy { !titles.contains($0) || placed.contains($0) || $0 == table.title }
            }
            if ready.isEmpty {
                circles.append(Self.circle(left).map(\.title))
                let first = Self.circle(left)
                tables += first
                placed.formUnion(first.map(\.title))
                left.removeAll { table in first.contains { $0.title == table.title } }
            } else {
                tables += ready
                placed.formUnion(ready.map(\.title))
                left.removeAll { table in ready.contains { $0.title == table.title } }
            }
        }
    }

    /// The tables that a table's foreign keys lead to.
    static func references(_ table: MovedTable) -> Set<String> {
        Set(table.description.foreignKeys.map { "\($0.schema).\($0.table)" })
    }

    /// One circle among tables none of which can be first: from the first table along its references.
    private static func circle(_ left: [MovedTable]) -> [MovedTable] {
        let byTitle = Dictionary(left.map { ($0.title, $0) }, uniquingKeysWith: { first, _ in first })
        var walked: [MovedTable] = []
        var next = left.first
        while let table = next {
            if let start = walked.firstIndex(where: { $0.title == table.title }) {
                return Array(walked[start...]).sorted { $0.title < $1.title }
            }
            walked.append(table)
            let onward = references(table).filter { $0 != table.title && byTitle[$0] != nil }.min()
            next = onward.flatMap { byTitle[$0] }
        }
        return walked
    }
}
