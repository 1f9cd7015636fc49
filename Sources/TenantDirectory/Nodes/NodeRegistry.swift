/// The nodes that a directory knows. None of its calls takes a number of the change feed (amendment H24). All of them
/// throw ``DirectoryError``.
package protocol NodeRegistry: Sendable {
    /// All rows, by name.
    func nodes() async throws(DirectoryError) -> [NodeRecord]

    /// Enters a process, in the place of those that ran before it under its name.
    /// - Parameter predecessors: incarnations that may be replaced, because who holds the lock on their mirror asks;
    ///   `nil` for all.
    /// - Throws: `.conflict` where another process has the name.
    func register(_ node: NodeRecord, replacing predecessors: Set<String>?) async throws(DirectoryError)

    /// A sign of life: how far the process has come, where it is reached, what it has found of its clock. Of the record
    /// its state, addresses, applied sequence and clock skew are taken.
    /// - Returns: `false` where its row is gone, or marked silent: then it must not go on serving.
    func renew(_ node: NodeRecord) async throws(DirectoryError) -> Bool

    /// The time by the directory's own clock, in milliseconds since 1970; `nil` where it has none but this machine's.
    func currentTime() async throws(DirectoryError) -> Int64?

    /// The regions whose app instances a process may call from now on, its view of the regions there are, and the
    /// digest of its configuration.
    /// - Returns: `false` where its row is gone.
    func describe(_ node: NodeRecord) async throws(DirectoryError) -> Bool

    /// Takes the row of a process away that serves nothing any more.
    func deregister(_ node: NodeRecord.Identity) async throws(DirectoryError)

    /// Takes a node away that does not stop by itself. Its rows stay, marked silent: it may be alive and serve.
    /// - Parameter isProvenDead: its rows go at once; whoever says so must be right.
    /// - Returns: how many rows that were.
    func removeNode(_ id: String, isProvenDead: Bool) async throws(DirectoryError) -> Int
}
