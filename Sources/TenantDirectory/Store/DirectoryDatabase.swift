/// A store as it is opened and closed by the program, whatever carries it.
package protocol DirectoryDatabase: DirectoryStore {
    /// What it is called in messages: a path, or a URL without user and password.
    var name: String { get }
    /// What tells of changes by other nodes before the feed is read; `nil` where nothing does.
    var listener: PostgresListener? { get }

    /// Ends all use of it. Calls after it throw `.unavailable`.
    func close()

    /// Looks for damage as far as the store can tell.
    /// - Throws: `.notADirectory` where there is any.
    func verify() async throws(DirectoryError)
}
