import Logging
import Synchronization
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("The directory in memory", .timeLimit(.minutes(1)))
struct DirectoryTests {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// A directory over a file, and the store of another process on the same file.
    struct Pair {
        let directory: TenantDirectory.Directory
        let other: SQLiteStore
    }

    func withPair(
        limits: DirectoryLimits = DirectoryLimits(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, _ body: (Pair) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        let store = try SQLiteStore(path: path, sealer: .test())
        let other = try SQLiteStore(path: path, sealer: .test())
        try await body(Pair(directory: Directory(store: store, limits: limits, logger: logger, now: now), other: other))
        store.close()
        other.close()
    }

    func install(_ name: String, secret: String = "secret") throws -> Install {
        let region = try #require(Region("EU"))
        return Install(
            aliases: [alias(name)], secret: Secret(secret), hostBaseURL: "https://a.example", product: nil,
            cloudID: nil,
            region: region, hostRealm: region, reinstallWindow: .seconds(60))
    }

    func alias(_ name: String) -> TenantAlias { TenantAlias(.connect, app: "app", name: name) }

    @Test("knows a tenant from the moment its install is completed, also where it had said that nobody is there")
    func install() async throws {
        try await withPair { pair in
            let key = TenantKey.alias(alias("a"))
            #expect(try await pair.directory.tenant(key) == nil)
            let attempt = try await pair.directory.beginInstall(install("a"), actor: "host")
            #expect(try await pair.directory.tenant(key)?.state == .pending)
            let tenant = try await pair.directory.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            #expect(try await pair.directory.tenant(key) == tenant)
            let changed = try await pair.directory.setState(.uninstalled, of: tenant.id, actor: "host")
            #expect(try await pair.directory.tenant(key) == changed)
        }
    }

    @Test("forgets a tenant whose first install is abandoned")
    func abandon() async throws {
        try await withPair { pair in
            let attempt = try await pair.directory.beginInstall(install("a"), actor: "host")
            #expect(try await pair.directory.tenant(.id(attempt.tenant.id)) != nil)
            try await pair.directory.abandonInstall(attempt, actor: "host")
            #expect(try await pair.directory.tenant(.id(attempt.tenant.id)) == nil)
            #expect(try await pair.directory.tenant(.alias(alias("a"))) == nil)
        }
    }

    @Test("tells its readers of changes made here, in order")
    func readers() async throws {
        try await withPair { pair in
            var changes = pair.directory.changes().makeAsyncIterator()
            let attempt = try await pair.directory.beginInstall(install("a"), actor: "host")
            let tenant = try await pair.directory.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            try #require(changed(await changes.next())?.state == .pending)
            try #require(changed(await changes.next()) == tenant)
        }
    }

    @Test("hears of changes by another process with the feed, and tells its readers")
    func feed() async throws {
        try await withPair { pair in
            #expect(try await pair.directory.readFeed() == false)
            var changes = pair.directory.changes().makeAsyncIterator()
            let key = TenantKey.alias(alias("a"))
            #expect(try await pair.directory.tenant(key) == nil)
            let attempt = try await pair.other.beginInstall(install("a"), actor: "host")
            let tenant = try await pair.other.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            #expect(try await pair.directory.readFeed() == false)
            #expect(changed(await changes.next()) == tenant)
            #expect(try await pair.directory.tenant(key) == tenant)

            let again = try await pair.other.beginInstall(install("b"), actor: "host")
            try await pair.other.abandonInstall(again, actor: "host")
            _ = try await pair.directory.readFeed()
            guard case .removed(let id) = await changes.next() else {
                Issue.record("the removal was not told")
                return
            }
            #expect(id == again.tenant.id)
        }
    }

    @Test("asks past its memory when told to, once a second")
    func fresh() async throws {
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        try await withPair(now: { passed.withLock { start + $0 } }) { pair in
            let attempt = try await pair.directory.beginInstall(install("a"), actor: "host")
            let tenant = try await pair.directory.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            let key = TenantKey.alias(alias("a"))
            let elsewhere = try await pair.other.setState(.disabled, of: tenant.id, actor: "host")
            #expect(try await pair.directory.freshTenant(key) == elsewhere)
            let later = try await pair.other.setState(.enabled, of: tenant.id, actor: "host")
            passed.withLock { $0 = .milliseconds(900) }
            #expect(try await pair.directory.freshTenant(key) == elsewhere, "it was loaded just now")
            passed.withLock { $0 = .seconds(2) }
            #expect(try await pair.directory.freshTenant(key) == later)
        }
    }

    @Test("reads a feed that is longer than a batch to its end")
    func longFeed() async throws {
        var limits = DirectoryLimits()
        limits.feedBatch = 10
        try await withPair(limits: limits) { pair in
            _ = try await pair.directory.readFeed()
            let region = try #require(Region("EU"))
            let lines = (0..<35).map { ImportedTenant(aliases: [alias("\($0)")], secret: nil, region: region) }
            _ = try await pair.other.importTenants(lines, actor: "test")
            var changes = pair.directory.changes().makeAsyncIterator()
            var reads = 1
            while try await pair.directory.readFeed() { reads += 1 }
            #expect(reads == 4)
            var numbers: [Int64] = []
            for _ in 0..<35 { numbers.append(try #require(changed(await changes.next())).sequence) }
            #expect(numbers == Array(1...35))
        }
    }

    @Test("tells a reader that falls behind that it knows nothing for certain")
    func slowReader() async throws {
        var limits = DirectoryLimits()
        limits.changesPerReader = 4
        try await withPair(limits: limits) { pair in
            let stream = pair.directory.changes()
            let attempt = try await pair.directory.beginInstall(install("a"), actor: "host")
            let id = attempt.tenant.id
            _ = try await pair.directory.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            for _ in 0..<4 {
                _ = try await pair.directory.setState(.disabled, of: id, actor: "host")
                _ = try await pair.directory.setState(.enabled, of: id, actor: "host")
            }
            var changes = stream.makeAsyncIterator()
            var last: TenantChange?
            for _ in 0..<4 { last = await changes.next() }
            guard case .everything = last else {
                Issue.record("the reader was not told")
                return
            }
        }
    }

    @Test("loads a key once however many ask")
    func singleFlight() async throws {
        try await withPair { pair in
            let attempt = try await pair.other.beginInstall(install("a"), actor: "host")
            let tenant = try await pair.other.completeInstall(attempt, keepPreviousFor: .seconds(1), actor: "host")
            let directory = pair.directory
            let found = try await withThrowingTaskGroup(of: Tenant?.self) { group in
                for _ in 0..<200 { group.addTask { try await directory.tenant(.id(tenant.id)) } }
                return try await group.reduce(into: [Tenant?]()) { $0.append($1) }
            }
            #expect(found.count == 200)
            #expect(found.allSatisfy { $0 == tenant })
            #expect(directory.cachedCount == 1)
        }
    }

    @Test("says that the store is away, and goes on when it is back")
    func away() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        let directory = Directory(store: store, logger: logger)
        store.close()
        do {
            _ = try await directory.tenant(.alias(alias("a")))
            Issue.record("a closed store cannot answer")
        } catch {
            #expect(error.code == .unavailable)
        }
    }

    private func changed(_ change: TenantChange?) -> Tenant? {
        if case .changed(let tenant) = change { tenant } else { nil }
    }
}
