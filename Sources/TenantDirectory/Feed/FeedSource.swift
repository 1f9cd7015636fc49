/// Where a node reads the change feed: the directory itself, or another node while the directory is away.
package protocol FeedSource: Sendable {
    /// What it is called in messages: a path, a URL without user and password, or the name of a node.
    var name: String { get }

    /// What follows a position, at most `limit` records; from the start of everything where there is none.
    /// - Throws: `.unavailable` or `.busy` where the source cannot be asked now.
    func feed(after position: FeedPosition?, limit: Int) async throws(DirectoryError) -> FeedAnswer
}
