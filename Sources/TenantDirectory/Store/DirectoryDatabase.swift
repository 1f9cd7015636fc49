/// A store as it is opened and closed by the program, whatever carries it.
package protocol DirectoryDatabase: DirectoryStore, NodeRegistry, HoldStore, MigrationStore {
    /// What tells of changes by other nodes before the feed is read; `nil` where nothing does.
    var listener: PostgresListener? { get }

    /// Ends all use of it. Calls after it throw `.unavailable`.
    func close()

    /// Looks for damage as far as the store can tell.
    /// - Throws: `.notADirectory` where there is any.
    func verify() async throws(DirectoryError)

    /// The keys that the secrets are sealed with, and how many with each; the current one first.
    func sealingKeys() async throws(DirectoryError) -> [SealingKeyUse]

    /// Seals the secrets of up to `limit` records anew, in the order of their ids from the one after `after` on, that
    /// are not sealed with the current key. One transaction; the records go through the change feed.
    func reseal(_ part: ResealedBatch.Part, after: TenantID?, limit: Int, actor: String)
        async throws(DirectoryError) -> ResealedBatch

    /// Takes keys that seal nothing any more from those that a node must have to start.
    /// - Returns: the ids of all keys that seal nothing, but for the current one.
    func retireKeys() async throws(DirectoryError) -> [String]
}
