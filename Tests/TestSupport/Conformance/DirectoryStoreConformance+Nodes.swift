import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    private func node(_ id: String, _ incarnation: String, regions: [String] = ["EU"]) throws -> NodeRecord {
        NodeRecord(
            identity: NodeRecord.Identity(id: id, incarnation: incarnation), regions: try regions.map(region),
            addresses: ["listen": "127.0.0.1:8080"], version: "1", regionView: "EU US", configurationDigest: "d",
            startedAt: 5)
    }

    private var registry: any NodeRegistry {
        get throws { try #require(store as? any NodeRegistry) }
    }

    static let nodeCases: [Case] = [
        Case("A node is entered, shows that it lives, and is gone, without a number of the feed") {
            suite async throws in
            let registry = try suite.registry
            let end = try await suite.store.feedEnd()
            let node = try suite.node("a", "1", regions: ["EU", "US"])
            try await registry.register(node, replacing: [])
            #expect(try await registry.nodes() == [node])
            let addresses = ["listen": "127.0.0.1:1", "admin": "127.0.0.1:2"]
            var told = node
            (told.state, told.addresses, told.appliedSequence, told.clockSkew) = (.serving, addresses, 7, -4_000)
            #expect(try await registry.renew(told))
            let renewed = try #require(try await registry.nodes().first)
            #expect(renewed.heartbeat == node.heartbeat + 1)
            #expect(renewed.state == .serving)
            #expect(renewed.addresses == addresses)
            #expect(renewed.appliedSequence == 7)
            #expect(renewed.clockSkew == -4_000)
            var described = renewed
            described.regions = [try suite.region("US")]
            described.regionView = "EU US, default US"
            described.configurationDigest = "another"
            #expect(try await registry.describe(described))
            #expect(try await registry.nodes() == [described])
            try await registry.deregister(node.identity)
            #expect(try await registry.nodes().isEmpty)
            #expect(try await !registry.renew(told))
            #expect(try await suite.store.feedEnd() == end)
        },
        Case("A name is taken over only by who holds the mirror of its process") { suite async throws in
            let registry = try suite.registry
            try await registry.register(suite.node("a", "1"), replacing: [])
            await suite.expect(.conflict) { () throws(DirectoryError) in
                do { try await registry.register(suite.node("a", "2"), replacing: ["another"]) } catch {
                    throw error as? DirectoryError ?? DirectoryError(.unavailable, "\(error)")
                }
            }
            try await registry.register(suite.node("b", "3"), replacing: [])
            try await registry.register(suite.node("a", "2"), replacing: ["1"])
            #expect(try await registry.nodes().map(\.identity.incarnation) == ["2", "3"])
            try await registry.register(suite.node("a", "4"), replacing: nil)
            #expect(try await registry.nodes().map(\.identity.incarnation) == ["4", "3"])
        },
        Case("Of two processes that take one name at the same moment one has it") { suite async throws in
            let registry = try suite.registry
            let entered = try await withThrowingTaskGroup(of: Bool.self) { group in
                for incarnation in 0..<6 {
                    group.addTask {
                        do {
                            try await registry.register(suite.node("a", "\(incarnation)"), replacing: [])
                            return true
                        } catch { return (error as? DirectoryError)?.code != .conflict }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(entered == 1)
            #expect(try await registry.nodes().count == 1)
        },
        Case("A node that is taken away stays as silent beside its successor, unless it is proven dead") {
            suite async throws in
            let registry = try suite.registry
            let node = try suite.node("a", "1")
            try await registry.register(node, replacing: [])
            #expect(try await registry.removeNode("nobody", isProvenDead: false) == 0)
            #expect(try await registry.removeNode("a", isProvenDead: false) == 1)
            #expect(try await registry.nodes().map(\.state) == [.silent])
            #expect(try await !registry.renew(node), "it must not go on")
            try await registry.register(suite.node("a", "2"), replacing: [])
            #expect(Set(try await registry.nodes().map(\.state)) == [.silent, .starting])
            #expect(try await registry.removeNode("a", isProvenDead: true) == 2)
            #expect(try await registry.nodes().isEmpty)
        },
    ]
}
