import Foundation
import GRDB
import TenantDirectory
import TestSupport
import Testing

@Suite("The file of a directory")
struct SQLiteFileTests {
    private func refusal(_ path: String, key: UInt8 = 7) throws -> DirectoryError? {
        let sealer = try SecretSealer.test(key)
        do {
            try SQLiteStore(path: path, sealer: sealer).close()
            return nil
        } catch {
            return error
        }
    }

    /// A directory of some tenants, closed.
    private func makeDirectory(_ path: String) async throws {
        let store = try SQLiteStore(path: path, sealer: .test())
        let region = try #require(Region("EU"))
        let batch = (0..<200).map { index in
            ImportedTenant(
                aliases: [TenantAlias(.connect, app: "app", name: "client-\(index)")],
                secret: Secret("secret \(index)"),
                region: region)
        }
        _ = try await store.importTenants(batch, actor: "test")
        store.close()
    }

    @Test("is made where there is none, for its owner alone, and opens again")
    func reopened() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        #expect(!SQLiteStore.exists(at: path))
        try await makeDirectory(path)
        #expect(SQLiteStore.exists(at: path))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        let store = try SQLiteStore(path: path, sealer: .test())
        #expect(try await store.counts().total == 200)
        try await store.verify()
        store.close()
    }

    @Test("does not hold a secret in clear")
    func sealed() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await makeDirectory(path)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let bytes = try #require(FileManager.default.contents(atPath: folder.file(name)))
            #expect(bytes.range(of: Data("secret 1".utf8)) == nil, "\(name)")
        }
    }

    @Test("that is empty becomes a directory")
    func empty() throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        #expect(FileManager.default.createFile(atPath: path, contents: Data()))
        #expect(try refusal(path) == nil)
    }

    @Test("that is a text is refused and left as it was")
    func text() throws {
        let folder = try ScratchFolder()
        let path = folder.file("notes.txt")
        let text = Data("Dear diary".utf8)
        try text.write(to: URL(fileURLWithPath: path))
        let error = try refusal(path)
        #expect(error?.code == .notADirectory)
        #expect(error?.message.contains(path) == true)
        #expect(FileManager.default.contents(atPath: path) == text)
    }

    @Test("that is a database of someone else's is refused and left as it was")
    func foreign() throws {
        let folder = try ScratchFolder()
        let path = folder.file("other.sqlite")
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "CREATE TABLE tenants (id TEXT)") }
        try queue.close()
        let before = FileManager.default.contents(atPath: path)
        #expect(try refusal(path)?.code == .notADirectory)
        #expect(FileManager.default.contents(atPath: path) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["other.sqlite"])
    }

    @Test("that is cut or scribbled over is refused", arguments: [0.25, 0.5, 0.9])
    func damaged(fraction: Double) async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await makeDirectory(path)
        let whole = try #require(FileManager.default.contents(atPath: path))
        let cut = Int(Double(whole.count) * fraction)
        try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
        let error = try refusal(path)
        #expect(error?.code == .notADirectory)
        #expect(error?.message.contains("backup") == true)

        var scribbled = whole
        let page = 4096 * max(1, Int(Double(whole.count / 4096) * fraction))
        scribbled.replaceSubrange(page..<(page + 4096), with: Data(repeating: 0xA5, count: 4096))
        try scribbled.write(to: URL(fileURLWithPath: path))
        #expect(try refusal(path)?.code == .notADirectory)
    }

    @Test("of a newer program is refused")
    func newerSchema() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await makeDirectory(path)
        let queue = try DatabaseQueue(path: path)
        try await queue.write {
            try $0.execute(sql: "INSERT INTO schema_steps (step, name, applied_at) VALUES (1000, 'later', 0)")
        }
        try queue.close()
        let error = try refusal(path)
        #expect(error?.code == .newerSchema)
        #expect(error?.message.contains("1000") == true)
    }

    @Test("of a newer program that only added something is used")
    func newerStep() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await makeDirectory(path)
        let queue = try DatabaseQueue(path: path)
        try await queue.write {
            try $0.execute(sql: "INSERT INTO schema_steps (step, name, applied_at) VALUES (999, 'later', 0)")
        }
        try queue.close()
        #expect(try refusal(path) == nil)
    }

    @Test("is refused with another key, and opens with its own again")
    func wrongKey() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await makeDirectory(path)
        #expect(try refusal(path, key: 8)?.code == .wrongKey)
        #expect(try refusal(path) == nil)
    }

    @Test("in a folder that is not there is refused with the path")
    func noFolder() throws {
        let folder = try ScratchFolder()
        let error = try refusal(folder.file("no/d.sqlite"))
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("no/d.sqlite") == true)
    }

    @Test("may be used by two processes' stores at once")
    func shared() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        let first = try SQLiteStore(path: path, sealer: .test())
        let second = try SQLiteStore(path: path, sealer: .test())
        let region = try #require(Region("EU"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in [first, second].enumerated() {
                group.addTask {
                    for count in 0..<25 {
                        let alias = TenantAlias(.connect, app: "app", name: "\(index)-\(count)")
                        _ = try await store.importTenants(
                            [ImportedTenant(aliases: [alias], secret: nil, region: region)], actor: "test")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await first.counts().total == 50)
        #expect(try await second.lastSequence() == 50)
        first.close()
        second.close()
    }

    @Test("is made once when several start at the same moment")
    func madeAtOnce() async throws {
        for _ in 0..<5 {
            let folder = try ScratchFolder()
            let path = folder.file("d.sqlite")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let store = try SQLiteStore(path: path, sealer: .test())
                        #expect(try await store.lastSequence() == 0)
                        store.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("answers after its end that it is not to be had")
    func closed() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        store.close()
        do {
            _ = try await store.lastSequence()
            Issue.record("a closed store must not answer")
        } catch {
            #expect(error.code == .unavailable)
        }
    }
}
