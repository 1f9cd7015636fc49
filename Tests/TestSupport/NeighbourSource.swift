package import TenantDirectory

/// Another node's feed, without the way between the two.
package struct NeighbourSource: FeedSource {
    private let directory: Directory

    package init(_ directory: Directory) { self.directory = directory }

    package var name: String { "neighbour" }

    package func feed(after position: FeedPosition?, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        guard let position else { return .cut }
        return try await directory.feed(after: position, limit: limit)
    }
}
