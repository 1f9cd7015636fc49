import GRDB
import Logging
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("Sealing all secrets anew", .timeLimit(.minutes(3)))
struct SecretRotationTests {
    /// Which database, for cases that both have.
    enum Kind: String, CaseIterable, Sendable {
        case sqlite
        case postgres
    }

    /// A directory that can be opened with different keys.
    private final class Site: Sendable {
        private let folder: ScratchFolder?
        private let kind: Kind
        private let url: String

        init(_ kind: Kind) async throws {
            self.kind = kind
            switch kind {
            case .sqlite:
                let made = try ScratchFolder()
                url = made.file("d.sqlite")
                folder = consume made
            case .postgres:
                folder = nil
                url = try await PostgresCluster.shared().newSchema()
            }
        }

        func open(_ ring: KeyRing) throws -> any DirectoryDatabase {
            kind == .postgres
                ? try PostgresStore(.patient(url), sealer: SecretSealer(ring))
                : try SQLiteStore(path: url, sealer: SecretSealer(ring))
        }
    }

    private func ring(_ byte: UInt8) throws -> KeyRing {
        try #require(KeyRing(key: [UInt8](repeating: byte, count: 32), name: "key \(byte)"))
    }

    /// Seals with the second key, opens with both.
    private func both() throws -> KeyRing { KeyRing(sealing: try ring(2), opening: [try ring(1)]) }

    private func lines(_ range: Range<Int>) throws -> [ImportedTenant] {
        let region = try #require(Region("EU"))
        return range.map { number in
            ImportedTenant(
                aliases: [TenantAlias(.connect, app: "app", name: "t\(number)")], secret: Secret("secret \(number)"),
                region: region)
        }
    }

    private func install(_ number: Int, _ secret: String) throws -> Install {
        Install(
            aliases: [TenantAlias(.connect, app: "app", name: "t\(number)")], secret: Secret(secret),
            hostBaseURL: "https://a.example", product: nil, cloudID: nil, region: try #require(Region("EU")),
            hostRealm: try #require(Region("EU")), reinstallWindow: .seconds(60))
    }

    private func tenant(_ number: Int, _ store: any DirectoryDatabase) async throws -> Tenant? {
        try await store.tenant(.alias(TenantAlias(.connect, app: "app", name: "t\(number)")))
    }

    @Test(
        "leaves each secret as it was, under the current key alone, and names the key that is needed no more",
        arguments: Kind.allCases)
    func rotated(kind: Kind) async throws {
        let site = try await Site(kind)
        let old = try site.open(try ring(1))
        _ = try await old.importTenants(lines(0..<25), actor: "test")
        // A secret before the last one, and one that waits for the app.
        let attempt = try await old.beginInstall(install(3, "newer"), actor: "host")
        _ = try await old.completeInstall(attempt, keepPreviousFor: .seconds(3600), actor: "host")
        let waiting = try await old.beginInstall(install(4, "waiting"), actor: "host")
        old.close()

        let store = try site.open(both())
        let position = try await store.lastSequence()
        let before = try await store.sealingKeys()
        #expect(before.map(\.secrets) == [0, 25])
        #expect(before.last?.previousSecrets == 1)
        #expect(before.last?.pendingSecrets == 1)
        #expect(before.map(\.name) == ["key 2", "key 1"])
        var progress: [Int] = []
        let outcome = try await SecretRotation(store, batchSize: 10, pause: .zero).run(actor: "test") {
            progress.append($0)
        }
        #expect(outcome.resealed == 26)
        #expect(outcome.failed.isEmpty)
        #expect(outcome.retired == [try ring(1).current.hexadecimalID])
        #expect(progress == progress.sorted() && progress.last == 26)
        // Each record goes through the feed, so that whoever keeps a copy gets it.
        #expect(try await store.changes(after: position, limit: 100).count == 25)
        store.close()

        let new = try site.open(try ring(2))
        #expect(try await tenant(1, new)?.secret == Secret("secret 1"))
        #expect(try await tenant(3, new)?.secret == Secret("newer"))
        #expect(try await tenant(3, new)?.previousSecret == Secret("secret 3"))
        let completed = try await new.completeInstall(waiting, keepPreviousFor: .zero, actor: "host")
        #expect(completed.secret == Secret("waiting"))
        #expect(try await new.sealingKeys().map(\.total) == [27])
        let again = try await SecretRotation(new).run(actor: "test")
        #expect(again.resealed == 0 && again.retired.isEmpty)
        new.close()
    }

    @Test("overwrites nothing that is installed meanwhile", arguments: Kind.allCases)
    func concurrent(kind: Kind) async throws {
        let site = try await Site(kind)
        let old = try site.open(try ring(1))
        _ = try await old.importTenants(lines(0..<60), actor: "test")
        old.close()
        let (store, node) = (try site.open(both()), try site.open(both()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let rotation = SecretRotation(store, batchSize: 3, pause: .milliseconds(1))
                let failed = try await rotation.run(actor: "test").failed
                #expect(failed.isEmpty)
            }
            for number in stride(from: 0, to: 60, by: 5) {
                group.addTask {
                    let attempt = try await node.beginInstall(install(number, "new \(number)"), actor: "host")
                    _ = try await node.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<60 {
            let expected = number.isMultiple(of: 5) ? "new \(number)" : "secret \(number)"
            #expect(try await tenant(number, store)?.secret == Secret(expected))
        }
        #expect(try await store.sealingKeys().last?.total == 0)
        store.close()
        node.close()
    }

    @Test("tells of a key that is missing by its id, and does not start without it", arguments: Kind.allCases)
    func missing(kind: Kind) async throws {
        let site = try await Site(kind)
        let old = try site.open(try ring(1))
        _ = try await old.importTenants(lines(0..<2), actor: "test")
        old.close()
        do {
            let store = try site.open(try ring(2))
            _ = try await store.lastSequence()
            Issue.record("a store whose key is missing was opened")
        } catch let error as DirectoryError {
            #expect(error.code == .wrongKey)
            #expect(error.message.contains(try ring(1).current.hexadecimalID))
            #expect(error.message.contains("secrets.keys"))
        }
    }

    @Test(
        "with a key that a running node lacks keeps those tenants from it, and says which key", arguments: Kind.allCases
    )
    func unknownKey(kind: Kind) async throws {
        let site = try await Site(kind)
        let node = try site.open(try ring(1))
        _ = try await node.importTenants(lines(0..<2), actor: "test")
        let directory = Directory(
            store: node, mirror: nil, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        while try await directory.readFeed() {}
        let names = (0..<2).map { TenantKey.alias(TenantAlias(.connect, app: "app", name: "t\($0)")) }
        for name in names { _ = try await directory.tenant(name) }

        let ahead = try site.open(both())
        let attempt = try await ahead.beginInstall(install(0, "newer"), actor: "host")
        _ = try await ahead.completeInstall(attempt, keepPreviousFor: .zero, actor: "host")
        let other = try #require(try await tenant(1, ahead))
        _ = try await ahead.setState(.disabled, of: other.id, actor: "host")
        while try await directory.readFeed() {}
        #expect(try await directory.tenant(names[1])?.state == .disabled)
        do throws(DirectoryError) {
            _ = try await directory.tenant(names[0])
            Issue.record("a secret was opened without its key")
        } catch {
            #expect(error.code == .wrongKey)
            let missing = try ring(2).current.hexadecimalID
            #expect(error.message.contains(missing))
        }
        ahead.close()
        node.close()
    }

    @Test("passes over a secret that is damaged, and names its tenant")
    func damaged() async throws {
        let site = try await Site(.sqlite)
        let old = try #require(try site.open(try ring(1)) as? SQLiteStore)
        _ = try await old.importTenants(lines(0..<3), actor: "test")
        try await old.pool.write { database in
            try database.execute(
                sql: "UPDATE tenants SET secret = CAST(substr(secret, 1, 30) || x'00' || substr(secret, 32) AS BLOB) "
                    + "WHERE id = (SELECT MIN(id) FROM tenants)")
        }
        old.close()
        let store = try site.open(both())
        let outcome = try await SecretRotation(store, batchSize: 1, pause: .zero).run(actor: "test")
        #expect(outcome.failed.count == 1)
        #expect(outcome.resealed == 2)
        #expect(outcome.retired.isEmpty)
        store.close()
    }
}
