import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("A process among the nodes of its directory", .timeLimit(.minutes(2)))
final class NodeKeeperTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let folder: ScratchFolder
    private let store: SQLiteStore
    private let eu: Region

    init() throws {
        folder = try ScratchFolder()
        store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        eu = try #require(Region("EU"))
    }

    private struct Node {
        let mirror: LocalMirror
        let directory: TenantDirectory.Directory
        let keeper: NodeKeeper<ContinuousClock>
    }

    private func node(_ id: String = "a", file: String = "m.sqlite", away: Bool = false) throws -> Node {
        let mirror = try LocalMirror(path: folder.file(file), node: id, sealer: .test())
        let directory = Directory(store: away ? AwayStore() : store, mirror: mirror, logger: logger)
        let record = NodeRecord(
            identity: NodeRecord.Identity(newProcessOf: id), regions: [eu], version: "1", regionView: "EU",
            configurationDigest: "d", startedAt: 0)
        let registry: any NodeRegistry = away ? AwayRegistry() : store
        return Node(
            mirror: mirror, directory: directory,
            keeper: NodeKeeper(record, registry: registry, directory: directory, logger: logger))
    }

    private func add(_ name: String) async throws -> TenantKey {
        let alias = TenantAlias(.connect, app: "app", name: name)
        _ = try await store.importTenants(
            [ImportedTenant(aliases: [alias], secret: nil, region: eu)], actor: "test")
        return .alias(alias)
    }

    /// Stops a keeper as the end of a gateway does.
    private func stop(_ keeper: NodeKeeper<ContinuousClock>) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: keeper)], logger: logger))
        await group.triggerGracefulShutdown()
        try await group.run()
    }

    @Test(
        "leaves its row, as stopped, where it has cut requests that the app may be working on; its next start takes it")
    func leavesWork() async throws {
        let node = try node()
        _ = try await node.keeper.start()
        node.keeper.setLeavesWork { true }
        try await stop(node.keeper)
        #expect(try await store.nodes().map(\.state) == [.stopped])
        // Another name's row is in nobody's way either.
        let other = try self.node(file: "other.sqlite")
        #expect(try await other.keeper.start() == .directory)
        try await stop(other.keeper)
        #expect(try await store.nodes().map(\.identity) == [node.keeper.identity])
    }

    @Test("is entered first, then reads all there is, then serves")
    func start() async throws {
        let key = try await add("t")
        let node = try node()
        await #expect(throws: DirectoryError.self) { _ = try await node.directory.tenant(key) }
        #expect(try await node.keeper.start() == .directory)
        #expect(try await store.nodes().map(\.identity) == [node.keeper.identity])
        #expect(node.mirror.state.rowStands)
        #expect(node.mirror.state.position == (try await store.feedEnd()))
        #expect(try await node.directory.tenant(key) != nil)
        node.keeper.serves(at: ["listen": "127.0.0.1:1"])
        await node.keeper.turn()
        let row = try #require(try await store.nodes().first)
        #expect(row.state == .serving)
        #expect(row.addresses == ["listen": "127.0.0.1:1"])
        #expect(row.appliedSequence == (try await store.lastSequence()))
        #expect(row.heartbeat == 1)
    }

    @Test("compares its clock with the directory's, and has the difference in its row")
    func clock() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let shared = try PostgresStore(.patient(url), sealer: .test())
        let mirror = try LocalMirror(path: folder.file("p.sqlite"), node: "p", sealer: .test())
        let record = NodeRecord(
            identity: NodeRecord.Identity(newProcessOf: "p"), regions: [eu], version: "1", regionView: "EU",
            configurationDigest: "d", startedAt: 0)
        let keeper = NodeKeeper(
            record, registry: shared, directory: Directory(store: shared, mirror: mirror, logger: logger),
            wallClock: { Date().milliseconds + 3_600_000 }, logger: logger)
        _ = try await keeper.start()
        #expect(try await shared.nodes().first?.clockSkew == nil)
        await keeper.turn()
        let skew = try #require(try await shared.nodes().first?.clockSkew)
        // However long the answer took.
        #expect((1...3_600_000).contains(skew))
        // The first look at all nodes was one turn ago.
        for _ in 0..<3 { await keeper.turn() }
        #expect(keeper.report.warnings.contains { $0.contains("node p is") && $0.contains("ahead of") })
        shared.close()
    }

    @Test("takes its row away when it stops, and marks its mirror before that")
    func stops() async throws {
        let node = try node()
        _ = try await node.keeper.start()
        try await stop(node.keeper)
        #expect(try await store.nodes().isEmpty)
        #expect(node.mirror.refusal(maxAge: .seconds(60))?.contains("row") == true)
    }

    @Test("that was killed is replaced by a process that holds its mirror, and by no other")
    func killed() async throws {
        var first: Node? = try node()
        _ = try await first?.keeper.start()
        let before = try #require(first?.keeper.identity)
        let stranger = try node(file: "other.sqlite")
        let error = await #expect(throws: DirectoryError.self) { _ = try await stranger.keeper.start() }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("nodes remove a") == true)
        first?.mirror.close()
        first = nil
        let second = try node()
        #expect(second.mirror.incarnations.contains(before.incarnation))
        #expect(try await second.keeper.start() == .directory)
        #expect(try await store.nodes().map(\.identity) == [second.keeper.identity])
        #expect(second.mirror.incarnations == [second.keeper.identity.incarnation])
    }

    @Test("begins from its mirror while the directory is away and its row stands, and not otherwise")
    func away() async throws {
        let key = try await add("t")
        let stranger = try node(file: "other.sqlite", away: true)
        let refusal = await #expect(throws: DirectoryError.self) { _ = try await stranger.keeper.start() }
        #expect(refusal?.code == .unavailable)
        #expect(refusal?.message.contains("other.sqlite") == true)
        var first: Node? = try node()
        _ = try await first?.keeper.start()
        first?.mirror.close()
        first = nil
        var second: Node? = try node(away: true)
        #expect(try await second?.keeper.start() == .mirror)
        #expect(try await second?.directory.tenant(key) != nil)
        // A stop while the directory is away leaves everything as it is: the next start may need it.
        if let keeper = second?.keeper { try await stop(keeper) }
        second?.mirror.close()
        second = nil
        #expect(try node(away: true).mirror.refusal(maxAge: .seconds(60)) == nil)
    }

    @Test("whose row is taken away stops serving, and serves again when it has a new one")
    func removed() async throws {
        let key = try await add("t")
        let node = try node()
        _ = try await node.keeper.start()
        #expect(try await node.directory.tenant(key) != nil)
        _ = try await store.removeNode("a", isProvenDead: true)
        var changes = node.directory.changes().makeAsyncIterator()
        await node.keeper.turn()
        guard case .everything = await changes.next() else {
            Issue.record("who holds records was not told")
            return
        }
        #expect(try await store.nodes().map(\.identity) == [node.keeper.identity])
        #expect(try await node.directory.tenant(key) != nil)
        // Another process has the name now.
        _ = try await store.removeNode("a", isProvenDead: true)
        let other = NodeRecord(
            identity: NodeRecord.Identity(newProcessOf: "a"), regions: [], version: "1", regionView: "EU",
            configurationDigest: "d", startedAt: 0)
        try await store.register(other, replacing: [])
        await node.keeper.turn()
        #expect(node.directory.refusal?.contains("row") == true)
        await #expect(throws: DirectoryError.self) { _ = try await node.directory.tenant(key) }
        #expect(node.mirror.refusal(maxAge: .seconds(60)) != nil)
    }

    @Test("joins a region by its row first and then the feed, and leaves it when it is told to")
    func regions() async throws {
        let us = try #require(Region("US"))
        let node = try node()
        _ = try await node.keeper.start()
        let key = try await add("late")
        try await node.keeper.join([us])
        #expect(try await store.nodes().first?.regions == [eu, us])
        #expect(try await node.mirror.tenant(key) != nil)
        try await node.keeper.leave([eu])
        #expect(try await store.nodes().first?.regions == [us])
        await node.keeper.turn()
        #expect(try await store.nodes().first?.regions == [us])
    }
}
