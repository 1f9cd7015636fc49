/// What an observer says of the nodes of a directory.
package struct NodesReport: Sendable, Equatable {
    package struct Node: Sendable, Equatable {
        package let record: NodeRecord
        /// No sign of life for so long, by the observer's clock.
        package let unchangedFor: Duration
        /// Barriers wait for it, and it may be dead.
        package let isSilent: Bool
    }

    package var nodes: [Node] = []
    /// What somebody should look after, in sentences.
    package var warnings: [String] = []
    /// Rows that were marked silent, or were left by a process that stopped, so long ago that they need not stand any
    /// more.
    package var overdue: [NodeRecord.Identity] = []

    package init() {}

    /// Groups of node names by what they hold to be true; more than one group is a difference.
    package static func views(
        of nodes: [NodeRecord], _ view: (NodeRecord) -> String
    ) -> [(view: String, nodes: [String])] {
        let living = nodes.filter { $0.state != .silent && $0.state != .stopped }
        let groups = Dictionary(grouping: living, by: view)
        return groups.map { view, nodes in (view, nodes.map(\.identity.id).sorted()) }.sorted { $0.view < $1.view }
    }
}
