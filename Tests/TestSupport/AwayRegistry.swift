package import TenantDirectory

/// A registry of nodes that cannot be reached.
package struct AwayRegistry: NodeRegistry {
    package init() {}

    private var away: DirectoryError { DirectoryError(.unavailable, "The registry is away.") }

    package func nodes() async throws(DirectoryError) -> [NodeRecord] { throw away }

    package func register(_ node: NodeRecord, replacing predecessors: Set<String>?) async throws(DirectoryError) {
        throw away
    }

    package func renew(_ node: NodeRecord) async throws(DirectoryError) -> Bool { throw away }

    package func currentTime() async throws(DirectoryError) -> Int64? { throw away }

    package func describe(_ node: NodeRecord) async throws(DirectoryError) -> Bool {
        throw away
    }

    package func deregister(_ node: NodeRecord.Identity) async throws(DirectoryError) { throw away }

    package func removeNode(_ id: String, isProvenDead: Bool) async throws(DirectoryError) -> Int { throw away }
}
