/// The registry of nodes, as transactions.
extension SessionStore {
    package func nodes() async throws(DirectoryError) -> [NodeRecord] {
        try await read { try $0.nodes() }
    }

    package func register(_ node: NodeRecord, replacing predecessors: Set<String>?) async throws(DirectoryError) {
        try await write { try $0.register(node, replacing: predecessors) }
    }

    package func renew(_ node: NodeRecord) async throws(DirectoryError) -> Bool {
        try await write { try $0.renew(node) }
    }

    package func describe(_ node: NodeRecord) async throws(DirectoryError) -> Bool {
        try await write { try $0.describe(node) }
    }

    package func deregister(_ node: NodeRecord.Identity) async throws(DirectoryError) {
        try await write { $0.deregister(node) }
    }

    package func removeNode(_ id: String, isProvenDead: Bool) async throws(DirectoryError) -> Int {
        try await write { try $0.removeNode(id, isProvenDead: isProvenDead) }
    }
}
