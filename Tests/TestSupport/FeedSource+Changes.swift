package import TenantDirectory

extension FeedSource {
    /// All changes after a number, at most `limit`, however many pages they take.
    package func changes(after sequence: Int64, limit: Int) async throws(DirectoryError) -> [FeedChange] {
        var changes: [FeedChange] = []
        var position: FeedPosition?
        while case .page(let page) = try await feed(after: position, limit: 500) {
            changes += page.changes.filter { $0.sequence > sequence }
            position = page.position
            if page.isLast || changes.count >= limit { break }
        }
        return Array(changes.prefix(limit))
    }
}
