import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("A node's mirror of the directory", .timeLimit(.minutes(2)))
final class LocalMirrorTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let folder: ScratchFolder
    private let clock = ManualDate()

    init() throws { folder = try ScratchFolder() }

    private func store(_ name: String = "d.sqlite") throws -> SQLiteStore {
        try SQLiteStore(path: folder.file(name), sealer: .test(), now: { [clock] in clock.now })
    }

    private func mirror(node: String = "n", key: UInt8 = 7) throws -> LocalMirror {
        try LocalMirror(path: folder.file("m.sqlite"), node: node, sealer: .test(key), now: { [clock] in clock.now })
    }

    private func directory(_ store: any DirectoryStore, _ mirror: LocalMirror?) -> TenantDirectory.Directory {
        Directory(store: store, mirror: mirror, logger: logger)
    }

    /// A mirror that serves: complete, confirmed, and its row standing.
    private func serving(_ store: SQLiteStore, _ mirror: LocalMirror) async throws -> TenantDirectory.Directory {
        let directory = directory(store, mirror)
        try await directory.catchUp()
        try await mirror.noteRow("1")
        directory.sawRow(.now)
        try await mirror.confirm(age: .zero)
        return directory
    }

    private func alias(_ name: String) -> TenantAlias { TenantAlias(.connect, app: "app", name: name) }

    private func add(_ names: [String], to store: SQLiteStore, in region: String = "EU") async throws {
        let region = try #require(Region(region))
        let lines = names.map {
            ImportedTenant(aliases: [alias($0)], secret: Secret("secret of \($0)"), region: region)
        }
        _ = try await store.importTenants(lines, actor: "test")
    }

    private func move(_ name: String, to region: String, in store: SQLiteStore) async throws -> Tenant {
        let tenant = try #require(try await store.tenant(.alias(alias(name))))
        try await store.dispute(tenant.id, knownEpoch: tenant.placement.epoch, actor: "test")
        return try await store.settle(tenant.id, in: try #require(Region(region)), actor: "test")
    }

    @Test("has every record when the feed has been read, and gives them out while the directory is away")
    func serves() async throws {
        let store = try store()
        try await add((0..<2_500).map { "t\($0)" }, to: store)
        let mirror = try mirror()
        let directory = try await serving(store, mirror)
        let known = try #require(try await store.tenant(.alias(alias("t7"))))
        store.close()
        #expect(try await directory.tenant(.alias(alias("t7"))) == known)
        #expect(try await directory.tenant(.id(known.id)) == known)
        for name in ["t0", "t2499"] { #expect(try await directory.tenant(.alias(alias(name))) != nil) }
        // Only the directory can say that nobody is there.
        await #expect(throws: DirectoryError.self) { _ = try await directory.tenant(.alias(alias("nobody"))) }
        await #expect(throws: DirectoryError.self) { _ = try await directory.freshTenant(.alias(alias("t7"))) }
    }

    @Test("is begun from after a restart while the directory is away, for as long as it may be")
    func restart() async throws {
        let store = try store()
        try await add(["a"], to: store)
        var mirror: LocalMirror? = try mirror()
        _ = try await serving(store, try #require(mirror))
        mirror?.close()
        mirror = nil
        let away = AwayStore()
        let again = try self.mirror()
        let directory = directory(away, again)
        await #expect(throws: DirectoryError.self) { _ = try await directory.tenant(.alias(alias("a"))) }
        #expect(directory.beginFromMirror() == nil)
        #expect(try await directory.tenant(.alias(alias("a")))?.secret == Secret("secret of a"))
        clock.advance(by: .seconds(86_401))
        #expect(again.refusal(maxAge: .seconds(86_400))?.contains("mirror.maxAge") == true)
        clock.advance(by: .seconds(-2 * 86_400))
        #expect(again.refusal(maxAge: .seconds(86_400))?.contains("clock") == true)
        clock.advance(by: .seconds(86_401))
        #expect(again.refusal(maxAge: .seconds(86_400)) == nil)
        try await again.noteNoRow()
        #expect(again.refusal(maxAge: .seconds(86_400))?.contains("row") == true)
    }

    @Test("that was never complete, or is another node's, is not begun from")
    func unfit() async throws {
        let store = try store()
        try await add(["a"], to: store)
        var mirror: LocalMirror? = try mirror()
        #expect(mirror?.refusal(maxAge: .seconds(86_400)) != nil)
        _ = try await serving(store, try #require(mirror))
        #expect(mirror?.incarnations == ["1"])
        mirror?.close()
        mirror = nil
        let other = try self.mirror(node: "other")
        #expect(other.refusal(maxAge: .seconds(86_400))?.contains("row") == true)
        #expect(other.incarnations.isEmpty)
    }

    @Test("is used by one process at a time")
    func locked() throws {
        let first = try mirror()
        let error = #expect(throws: DirectoryError.self) { _ = try mirror() }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("mirror.path") == true)
        first.close()
    }

    @Test("holds no secret in clear")
    func sealed() async throws {
        let store = try store()
        try await add(["a"], to: store)
        let mirror = try mirror()
        _ = try await serving(store, mirror)
        mirror.close()
        for suffix in ["", "-wal"] {
            let bytes = try? Data(contentsOf: URL(fileURLWithPath: folder.file("m.sqlite") + suffix))
            #expect(bytes?.range(of: Data("secret of".utf8)) == nil)
        }
    }

    @Test("that is somebody else's file is refused and left as it is", arguments: ["text", "directory"])
    func foreign(kind: String) async throws {
        let path = folder.file("m.sqlite")
        if kind == "text" {
            try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
        } else {
            try store("m.sqlite").close()
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = #expect(throws: DirectoryError.self) { _ = try mirror() }
        #expect(error?.code == .notADirectory)
        #expect(error?.message.contains("mirror.path") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("that is damaged is set aside and made anew, and still names its process")
    func damaged() async throws {
        let store = try store()
        try await add((0..<200).map { "t\($0)" }, to: store)
        var mirror: LocalMirror? = try mirror()
        _ = try await serving(store, try #require(mirror))
        try await mirror?.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        mirror?.close()
        mirror = nil
        let path = folder.file("m.sqlite")
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        for page in 2..<12 {
            try file.seek(toOffset: UInt64(page * 4_096))
            try file.write(contentsOf: Data(repeating: 0xAA, count: 4_096))
        }
        try file.close()
        let again = try self.mirror()
        #expect(again.setAside == path + ".damaged")
        #expect(again.refusal(maxAge: .seconds(86_400)) != nil)
        #expect(again.incarnations == ["1"])
        let directory = try await serving(store, again)
        store.close()
        #expect(try await directory.tenant(.alias(alias("t9"))) != nil)
    }

    @Test("follows a change, a removal and a join")
    func follows() async throws {
        let store = try store()
        try await add(["a", "b"], to: store)
        let mirror = try mirror()
        let directory = try await serving(store, mirror)
        let moved = try await move("a", to: "US", in: store)
        let attempt = try await store.beginInstall(
            Install(
                aliases: [alias("c")], secret: Secret("s"), hostBaseURL: "https://c", product: nil, cloudID: nil,
                region: moved.placement.region, hostRealm: moved.placement.region, reinstallWindow: .seconds(1)),
            actor: "host")
        try await directory.catchUp()
        #expect(try await mirror.tenant(.id(attempt.tenant.id))?.state == .pending)
        try await store.abandonInstall(attempt, actor: "host")
        try await directory.catchUp()
        #expect(try await mirror.tenant(.alias(alias("c"))) == nil)
        #expect(try await mirror.tenant(.alias(alias("a"))) == moved)
        #expect(try await directory.tenant(.alias(alias("a"))) == moved)
        #expect(mirror.state.position == (try await store.feedEnd()))
    }

    @Test("knows what was changed here before the feed has brought it")
    func ownChange() async throws {
        let store = try store()
        try await add(["a"], to: store)
        let directory = try await serving(store, try mirror())
        let tenant = try #require(try await directory.tenant(.alias(alias("a"))))
        let changed = try await directory.setState(.disabled, of: tenant.id, actor: "host")
        #expect(try await directory.tenant(.alias(alias("a"))) == changed)
        directory.forgetAll()
        #expect(try await directory.tenant(.alias(alias("a"))) == changed)
    }

    // MARK: A directory that has lost its last changes

    @Test("of a directory that has lost changes is read anew, and a tenant that it knew more of is disputed")
    func lostChanges() async throws {
        var store = try store()
        try await add(["moved", "same", "kept"], to: store)
        let mirror = try mirror()
        _ = try await serving(store, mirror)
        let backup = folder.file("backup.sqlite")
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        store.close()
        try FileManager.default.copyItem(atPath: folder.file("d.sqlite"), toPath: backup)
        store = try self.store()
        let directory = directory(store, mirror)
        directory.sawRow(.now)
        let moved = try await move("moved", to: "US", in: store)
        let same = try await move("same", to: "US", in: store)
        try await add(["lost"], to: store)
        try await directory.catchUp()
        store.close()

        // The backup knows nothing of all that, and goes on by itself to as many changes.
        let restored = try self.store("backup.sqlite")
        try await add(["x", "y", "z", "w", "v", "u"], to: restored)
        let back = try await restored.settle(same, "EU")
        let after = self.directory(restored, mirror)
        after.sawRow(.now)
        try await after.catchUp()
        #expect(try await after.tenant(.id(moved.id))?.disputedEpoch == moved.placement.epoch)
        #expect(try await after.tenant(.id(same.id))?.disputedEpoch == same.placement.epoch, "same epoch, other region")
        #expect(back.placement.epoch == same.placement.epoch)
        #expect(try await after.tenant(.alias(alias("kept")))?.disputedEpoch == nil)
        #expect(try await after.tenant(.alias(alias("x"))) != nil)
        #expect(try await after.tenant(.alias(alias("lost"))) == nil)
        // All nodes hear of it.
        #expect(Set(try await restored.disputed(limit: 5)) == [moved.id, same.id])
        let settled = try await restored.settle(moved.id, in: moved.placement.region, actor: "test")
        #expect(settled.placement.epoch == moved.placement.epoch + 1)
        try await after.catchUp()
        #expect(try await after.tenant(.id(moved.id)) == settled)
        #expect(try await after.disputed(limit: 5) == [same.id])
    }

    // MARK: Other nodes

    @Test("is read by a node that cannot reach the directory, and counts as no newer than it is")
    func otherNode() async throws {
        let store = try store()
        try await add(["a"], to: store)
        let near = try await serving(store, try mirror())
        let far = try LocalMirror(
            path: folder.file("far.sqlite"), node: "far", sealer: .test(), now: { [clock] in clock.now })
        var farDirectory = directory(store, far)
        try await farDirectory.catchUp()
        let closed = try self.store()
        closed.close()
        farDirectory = directory(closed, far)
        let moved = try await move("a", to: "US", in: store)
        try await near.catchUp()
        farDirectory.setOtherSources { [AwayStore(), NeighbourSource(near)] }
        await #expect(throws: DirectoryError.self) { _ = try await farDirectory.readFeed() }
        #expect(try await far.tenant(.alias(alias("a"))) == moved)
        farDirectory.sawRow(.now)
        let age = try #require(farDirectory.contactAge)
        #expect(age >= .zero)
        // Who knows more than the neighbour, or something else, does not follow it.
        let end = try await store.feedEnd()
        #expect(try await near.feed(after: FeedPosition(sequence: end.sequence + 1, id: "x"), limit: 10) == .cut)
        #expect(try await near.feed(after: FeedPosition(sequence: 1, id: "x"), limit: 10) == .cut)
    }
}

extension SQLiteStore {
    /// Moves a tenant as the history that this store has not seen did: one epoch further.
    fileprivate func settle(_ other: Tenant, _ region: String) async throws -> Tenant {
        let tenant = try #require(try await tenant(.id(other.id)))
        try await dispute(tenant.id, knownEpoch: tenant.placement.epoch, actor: "test")
        return try await settle(tenant.id, in: try #require(Region(region)), actor: "test")
    }
}
