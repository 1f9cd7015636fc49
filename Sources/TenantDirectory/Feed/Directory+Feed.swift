import Logging
import Synchronization

/// Reading what other processes have changed.
extension Directory {
    /// Reads the next changes of the feed and applies them. The first time it takes the position alone, and says that
    /// everything held before may be old.
    /// - Returns: whether there may be more at once.
    /// - Throws: ``DirectoryError`` when the store is away; the next call goes on where this one began.
    package func readFeed() async throws(DirectoryError) -> Bool {
        let last = try await store.lastSequence()
        let position = state.withLock { $0.position }
        guard let position, last >= position else {
            // Numbers that fall are those of another directory, such as a restored backup.
            if position != nil {
                logger.warning("The directory's change numbers have fallen: everything is read anew.")
            }
            state.withLock { state in
                state.position = last
                state.cache.removeAll()
                state.readers.tell(.everything)
            }
            return false
        }
        guard last > position else { return false }
        let changes = try await store.changes(after: position, limit: limits.feedBatch)
        for change in changes {
            switch change {
            case .changed(let tenant): apply(tenant)
            case .removed(let id, _): applyRemoval(of: id)
            }
        }
        let isFull = changes.count >= limits.feedBatch
        let reached = changes.last?.sequence ?? last
        state.withLock { $0.position = isFull ? reached : max(last, reached) }
        return isFull
    }
}
