import Logging
import TestSupport
import Testing

@testable import TenantDirectory

/// Several nodes on one PostgreSQL, each with its mirror and its reader of the feed.
@Suite("Nodes that share a directory", .timeLimit(.minutes(3)))
final class SharedFeedTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private struct Node {
        let store: PostgresStore
        let directory: TenantDirectory.Directory
        let reader: FeedReader<ContinuousClock>
    }

    /// - Parameter interval: of the reader.
    private func node(_ name: String, _ url: String, interval: Duration) async throws -> Node {
        let store = try PostgresStore(.patient(url), sealer: .test())
        let mirror = try LocalMirror(path: folder.file(name), node: name, sealer: .test())
        let directory = Directory(store: store, mirror: mirror, logger: logger)
        try await directory.catchUp()
        directory.sawRow(.now)
        return Node(
            store: store, directory: directory,
            reader: FeedReader(directory, interval: interval, hint: store.listener?.hint, logger: logger))
    }

    private func install(_ name: String) throws -> ForgeInstall {
        let eu = try #require(Region("EU"))
        return ForgeInstall(
            alias: TenantAlias(.forge, app: "app", name: name), cloudID: nil, hostBaseURL: nil, product: nil,
            region: eu, hostRealm: eu)
    }

    /// Installs at one node until the other has been told of one of them: what was installed before it listened, it
    /// hears of only at its interval.
    private func expectTold(_ near: Node, _ far: Node) async throws {
        var changes = far.directory.changes().makeAsyncIterator()
        let tenant = try await near.directory.recordForgeInstallation(install("i"), actor: "host")
        guard case .changed(let told) = await changes.next() else {
            Issue.record("the change was not told")
            return
        }
        #expect(told == tenant)
        // It is in the mirror too: it is on disk before anybody hears of it.
        #expect(try await far.directory.mirror?.tenant(.id(tenant.id)) == tenant)
        #expect(try await far.directory.tenant(.id(tenant.id)) == tenant)
    }

    @Test("hear of a change from each other at once, long before they would look")
    func notified() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let near = try await node("near", url, interval: .seconds(600))
        let far = try await node("far", url, interval: .seconds(600))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let listener = try #require(far.store.listener)
            group.addTask { try await listener.run() }
            // It signals when it begins to listen; the reader is then to hear of the change itself.
            try await listener.hint.wait(atMost: .seconds(60), ContinuousClock())
            group.addTask { try await far.reader.run() }
            try await expectTold(near, far)
            group.cancelAll()
        }
        for node in [near, far] { node.store.close() }
    }

    @Test("hear of a change when they look, where nothing tells them")
    func polled() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let near = try await node("near", url, interval: .milliseconds(20))
        let far = try await node("far", url, interval: .milliseconds(20))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await far.reader.run() }
            try await expectTold(near, far)
            group.cancelAll()
        }
        for node in [near, far] { node.store.close() }
    }
}
