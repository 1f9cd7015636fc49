import Foundation
import Logging
import NIOCore
import RealmMigration
import RegionRouter
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

/// The five steps over real sockets, against a real journal; who works on the migration is the test itself, which takes
/// the lease and writes the phases.
@Suite("A residency hook through the whole gateway")
struct MigrationHooksTests {
    private static let prefix = "/.residency/migration"

    /// A gateway with an installed site in the EU, and the journal beside it.
    private struct Scene: Sendable {
        let fixture: GatewayFixture
        let site: HostSite
        let journal: any DirectoryDatabase
        var appID: String?

        func body(_ location: String = "US", id: Int? = 7, from start: Double = 0, to end: Double = 3_600) -> JSONValue
        {
            func time(_ seconds: Double) -> JSONValue {
                .text(Date(timeIntervalSinceNow: seconds).formatted(.iso8601))
            }
            var members: [String: JSONValue] = [
                "startTime": time(start), "endTime": time(end), "location": .text(location),
            ]
            if let id { members["migrationId"] = .number(id) }
            return .object(members)
        }

        func call(
            _ step: String, body: JSONValue? = nil, id: Int? = 7, at url: String? = nil, flaw: HostSimulator.Flaw? = nil
        ) async throws -> HostAnswerSeen {
            let given = body ?? (step == "status" ? nil : id.map { ["migrationId": .number($0)] })
            let parameters = step == "status" ? id.map { [("migrationId", "\($0)")] } ?? [] : []
            return try await fixture.send(
                try fixture.host.hook(
                    step, site: site, prefix: MigrationHooksTests.prefix, baseURL: url ?? fixture.eu,
                    parameters: parameters, body: given, appID: appID, flaw: flaw))
        }

        func schedule(_ location: String = "US", id: Int? = 7) async throws -> HostAnswerSeen {
            try await call("schedule", body: body(location, id: id), id: id)
        }

        func status(id: Int? = 7) async throws -> String? {
            let seen = try await call("status", id: id)
            #expect(seen.status == 200)
            return seen.json?["status"]?.text
        }

        func newest() async throws -> MigrationRecord? {
            try await journal.migrations(MigrationFilter()).first
        }

        /// As whoever works on it would write it.
        func work(_ phases: MigrationPhase...) async throws {
            var record = try #require(await newest())
            if record.lease.holder == nil {
                record = try #require(
                    await journal.takeMigration(
                        record.id, by: NodeRecord.Identity(id: "n", incarnation: "i"), seen: record.lease, above: 0,
                        atOnce: 4))
            }
            for phase in phases {
                record.phase = phase
                record = try await journal.saveMigration(record)
            }
        }
    }

    private static let stores = "stores: [{ name: files, kind: none, reason: a test moves nothing }]"

    /// The gateway owns the US alone, so that it leaves what moves out of the EU to the test.
    private static let usOnly = """
        node: { id: us-1, regions: [US] }
        peers: { EU: ["http://127.0.0.1:9"] }
        \(stores)
        """

    private static func run(
        isForge: Bool = false, hostRealm: String = "EU", _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws {
        try await GatewayFixture.run(usOnly, owning: ["US"]) { fixture async throws in
            let site = HostSite.random(named: "alpha")
            let journal = try await ConfiguredStore.openExisting(fixture.configuration)
            defer { journal.close() }
            let alias =
                isForge
                ? TenantAlias(.forge, app: GatewayFixture.forgeAppID, name: site.installationId)
                : TenantAlias(.connect, app: SampleApp.key, name: site.clientKey)
            let install = Install(
                aliases: [alias], secret: Secret(site.sharedSecret), hostBaseURL: site.baseUrl, product: "jira",
                cloudID: site.cloudId, region: try #require(Region("EU")), hostRealm: try #require(Region(hostRealm)),
                reinstallWindow: .seconds(60))
            _ = try await journal.completeInstall(
                try await journal.beginInstall(install, actor: "test"), keepPreviousFor: .zero, actor: "test")
            try await body(
                Scene(
                    fixture: fixture, site: site, journal: journal,
                    appID: isForge ? GatewayFixture.forgeAppID : nil))
        }
    }

    @Test("all five steps drive a migration, by Connect and by Forge", arguments: [false, true])
    func steps(isForge: Bool) async throws {
        try await Self.run(isForge: isForge) { scene async throws in
            #expect(try await scene.schedule().status == 200)
            let record = try #require(await scene.newest())
            #expect(record.source.code == "EU" && record.target.code == "US" && record.commit == .manual)
            #expect(record.phase == .scheduled && record.startAt > Int64(Date().timeIntervalSince1970 * 1_000))
            #expect(try await scene.status() == "not-started")
            #expect(try await scene.call("start", body: scene.body()).status == 200)
            #expect(try await scene.newest()?.wishes == [.begin])
            #expect(try await scene.status() == "in-progress")
            try await scene.work(.copying, .catchingUp, .ready)
            #expect(try await scene.status() == "ready-to-commit")
            try await scene.work(.catchingUp)
            #expect(try await scene.status() == "in-progress")
            try await scene.work(.ready)
            async let commit = scene.call("commit")
            while try await scene.newest()?.wishes.contains(.commit) != true { await Task.yield() }
            try await scene.work(.cuttingOver, .committed)
            #expect(try await commit.status == 200)
            #expect(try await scene.call("commit").status == 200)
            #expect(try await scene.newest()?.wishes.contains(.keep) == true)
            #expect(try await scene.status() == "ready-to-commit")
            // The app has seen nothing of it.
            #expect(!scene.fixture.app.requests.contains { $0.request.contains(Self.prefix) })
        }
    }

    @Test("steps are answered the same when they come again, and at any region's URL")
    func repeated() async throws {
        try await Self.run { scene async throws in
            for url in [scene.fixture.eu, scene.fixture.us, scene.fixture.plain] {
                #expect(try await scene.call("schedule", body: scene.body(), at: url).status == 200)
            }
            for url in [scene.fixture.plain, scene.fixture.us] {
                #expect(try await scene.call("start", body: scene.body(), at: url).status == 200)
            }
            #expect(try await scene.journal.migrations(MigrationFilter()).count == 1)
            for _ in 0..<2 { #expect(try await scene.call("rollback").status == 200) }
            #expect(try await scene.newest()?.phase == .rolledBack)
            #expect(try await scene.status() == "failed")
            #expect(try await scene.call("commit").json?["errorResponseCode"]?.text == "E9999")
        }
    }

    @Test("what the host cannot have is refused with its own code, and no second try", arguments: [false, true])
    func refusals(isForge: Bool) async throws {
        try await Self.run(isForge: isForge) { scene async throws in
            func code(_ seen: HostAnswerSeen) -> String? {
                #expect(seen.status == 409)
                return seen.json?["errorResponseCode"]?.text
            }
            #expect(code(try await scene.call("start", body: scene.body())) == "E0001")
            #expect(code(try await scene.call("commit")) == "E0001")
            #expect(code(try await scene.schedule("JP")) == "E0002")
            #expect(code(try await scene.call("schedule", body: scene.body(to: -10))) == "E9999")
            let status = try await scene.call("status", id: 99)
            #expect(status.status == 200 && status.json?["errorResponseCode"]?.text == "E0001")
            #expect(try await scene.schedule().status == 200)
            #expect(try await scene.call("start", body: scene.body()).status == 200)
            #expect(code(try await scene.schedule(id: 8)) == "E0004")
            #expect(try await scene.call("rollback", id: 99).status == 200)
            #expect(try await scene.newest()?.wishes.contains(.cancel) == false)
        }
    }

    @Test("a migration without a name is known by its window, and by being the newest")
    func nameless() async throws {
        try await Self.run { scene async throws in
            let body = scene.body(id: nil)
            #expect(try await scene.call("schedule", body: body, id: nil).status == 200)
            #expect(try await scene.call("schedule", body: body, id: nil).status == 200)
            #expect(try await scene.journal.migrations(MigrationFilter()).count == 1)
            #expect(try await scene.call("start", body: body, id: nil).status == 200)
            try await scene.work(.copying, .catchingUp, .ready)
            #expect(try await scene.status(id: nil) == "ready-to-commit")
            #expect(try await scene.call("rollback", body: [:], id: nil).status == 200)
            #expect(try await scene.newest()?.wishes.contains(.cancel) == true)
        }
    }

    @Test("a rollback after the switch brings the tenant back when it names the migration, or comes before success")
    func late() async throws {
        try await Self.run { scene async throws in
            #expect(try await scene.schedule().status == 200)
            #expect(try await scene.call("start", body: scene.body()).status == 200)
            try await scene.work(.copying, .catchingUp, .ready, .cuttingOver, .committed)
            #expect(try await scene.call("commit").status == 200)
            #expect(try await scene.call("rollback", body: [:], id: nil).status == 200)
            #expect(try await scene.newest()?.wishes.contains(.return) == false)
            #expect(try await scene.call("rollback").status == 200)
            #expect(try await scene.newest()?.wishes.contains(.return) == true)
        }
    }

    @Test("a commit that cannot be switched in time is 503 without a code, so that the host commits again")
    func undecided() async throws {
        try await Self.run { scene async throws in
            #expect(try await scene.schedule().status == 200)
            #expect(try await scene.call("start", body: scene.body()).status == 200)
            try await scene.work(.copying, .catchingUp)
            let seen = try await scene.call("commit")
            #expect(seen.status == 503)
            #expect(seen.json?["errorResponseCode"] == nil)
            #expect(seen.elapsed >= .seconds(4))
            try await scene.work(.ready, .cuttingOver, .committed)
            #expect(try await scene.call("commit").status == 200)
        }
    }

    @Test("where the data is in the wanted region already, all steps succeed and nothing is entered")
    func alreadyThere() async throws {
        // The host calls at the US's URL; the data is in the EU.
        try await Self.run(hostRealm: "US") { scene async throws in
            #expect(try await scene.schedule("EU").status == 200)
            #expect(try await scene.call("start", body: scene.body("EU")).status == 200)
            #expect(try await scene.status() == "ready-to-commit")
            #expect(try await scene.call("commit").status == 200)
            #expect(try await scene.call("rollback").status == 200)
            #expect(try await scene.newest() == nil)
        }
    }

    @Test("what is not the host's is refused, and nothing is entered", arguments: HostSimulator.Flaw.allCases)
    func strangers(_ flaw: HostSimulator.Flaw) async throws {
        try await Self.run { scene async throws in
            let seen = try await scene.call("schedule", body: scene.body(), flaw: flaw)
            #expect(seen.status == 401)
            #expect(try await scene.newest() == nil)
            let stranger = HostSite.random(named: "stranger")
            let call = try scene.fixture.host.hook(
                "rollback", site: stranger, prefix: Self.prefix, baseURL: scene.fixture.eu, body: [:])
            #expect(try await scene.fixture.send(call).refusal == "unknown-tenant")
        }
    }

    @Test("a hook is asked with its own method, a token made for it, and a body the host could have sent")
    func malformed() async throws {
        try await Self.run { scene async throws in
            var wrong = try scene.fixture.host.hook(
                "commit", site: scene.site, prefix: Self.prefix, baseURL: scene.fixture.eu, body: [:])
            wrong.method = "GET"
            wrong.body = []
            #expect(try await scene.fixture.send(wrong).refusal == "method-not-allowed")
            let context = scene.fixture.host.contextCall(
                site: scene.site, method: "POST", path: "\(Self.prefix)/commit", baseURL: scene.fixture.eu, body: [:])
            #expect(try await scene.fixture.send(context).refusal == "context-token-not-allowed")
            for body: JSONValue in [
                [:], ["startTime": "soon", "endTime": "later", "location": "US"], ["migrationId": ["a": 1]],
                ["migrationId": "a b"],
            ] {
                #expect(try await scene.call("schedule", body: body).refusal == "bad-body")
            }
        }
    }

    @Test("an app that declares no stores cannot be moved, and the host is told so")
    func unsupported() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            #expect(try await fixture.install(site, at: fixture.eu).status == 204)
            let call = try fixture.host.hook("start", site: site, prefix: Self.prefix, baseURL: fixture.eu, body: [:])
            #expect(try await fixture.send(call).json?["errorResponseCode"]?.text == "E0003")
        }
    }

    @Test("proxy: off answers descriptor, lifecycle and hooks, and nothing else")
    func proxyOff() async throws {
        try await GatewayFixture.run("proxy: off\n\(Self.stores)") { fixture async throws in
            let site = HostSite.random(named: "alpha")
            #expect(try await fixture.install(site, at: fixture.eu).status == 204)
            #expect(try await fixture.page(site, at: fixture.eu).refusal == "not-found")
            let status = try fixture.host.hook("status", site: site, prefix: Self.prefix, baseURL: fixture.eu)
            #expect(try await fixture.send(status).json?["status"]?.text == "failed")
            let app = try await fixture.caller.app(at: fixture.plain, descriptorPath: "/atlassian-connect.json")
            #expect(app.lifecycle["dare-migration"] == Self.prefix)
            #expect(fixture.app.requests.count == 1)
        }
    }

    @Test("a rollback is promised while the directory is away, and nothing is committed meanwhile")
    func promised() async throws {
        let folder = try ScratchFolder()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (site, eu) = (HostSite.random(named: "alpha"), try #require(Region("EU")))
        let sealer = SecretSealer(try #require(KeyRing(key: [UInt8](repeating: 7, count: 32))))
        let store = try SQLiteStore(path: folder.file("directory.sqlite"), sealer: sealer)
        let install = Install(
            aliases: [TenantAlias(.connect, app: SampleApp.key, name: site.clientKey)],
            secret: Secret(site.sharedSecret), hostBaseURL: site.baseUrl, product: "jira", cloudID: nil, region: eu,
            hostRealm: eu, reinstallWindow: .seconds(60))
        let tenant = try await store.completeInstall(
            try await store.beginInstall(install, actor: "test"), keepPreviousFor: .zero, actor: "test")
        let shelf = try RollbackShelf(path: folder.file("rollbacks"), logger: quiet)
        let hooks = MigrationHooks(
            identify: IdentifyConfiguration(appKey: SampleApp.key), tokenBytes: 16_384, regions: [eu],
            settings: MigrationHookSettings(), keys: NoHostKeys(), directory: Directory(store: store, logger: quiet),
            journal: AwayStore(), shelf: shelf, logger: quiet, wallClock: WallClock.seconds)
        let host = HostSimulator(
            installKeys: try HostKeyPair.random(), forgeKeys: try HostKeyPair.random(), appKey: SampleApp.key)
        func answer(_ step: MigrationStep) async throws -> HostAnswer {
            let made = try host.hook(
                step.rawValue, site: site, prefix: "/m", baseURL: "", body: ["migrationId": 7])
            return await hooks.answer(
                HostCall(
                    kind: .migration(step), requestID: "r", method: made.method, path: made.url, query: "",
                    endpoint: PublicEndpoint(region: eu, baseURL: "", authority: "eu.example.com", basePath: ""),
                    authorization: made.headers.first?.value, body: ByteBuffer(bytes: made.body)), step)
        }
        guard case .refuse(let error) = try await answer(.commit) else { throw HostError("was not refused") }
        #expect(error.code == .directoryUnavailable)
        guard case .respond(let promised) = try await answer(.rollback) else { throw HostError("was refused") }
        #expect(promised.status == 200)
        #expect(shelf.holds(tenant.id, "7"))
        guard case .respond(let late) = try await answer(.commit) else { throw HostError("was not answered") }
        #expect(late.status == 409)
        store.close()
        _ = consume folder
    }

    @Test("a rollback that the directory cannot be told of waits on this node's disk, in order and once")
    func shelf() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("rollbacks")
        let entry = RollbackShelf.Entry(tenant: TenantID(high: 1, low: 2), name: "7")
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let shelf = try RollbackShelf(path: path, logger: quiet)
        #expect(shelf.put(entry) && shelf.put(entry))
        #expect(shelf.holds(entry.tenant, "7") && shelf.holds(entry.tenant, nil) && !shelf.holds(entry.tenant, "8"))
        // Another process, later: the directory answers at the second try.
        let later = try RollbackShelf(path: path, logger: quiet)
        #expect(later.holds(entry.tenant, "7"))
        let tries = Mutex(0)
        later.whenPossible { seen in
            #expect(seen == entry)
            return tries.withLock { tries in
                tries += 1
                return tries > 1
            }
        }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await later.run() }
            while later.holds(entry.tenant, "7") { await Task.yield() }
            tasks.cancelAll()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = consume folder
    }
}

/// No key is asked for where the token is Connect's.
private struct NoHostKeys: PublicKeySource {
    func cached(_ query: PublicKeyQuery) -> RSAPublicKey? { nil }

    func key(_ query: PublicKeyQuery) async throws(RouterError) -> RSAPublicKey {
        throw RouterError(.unknownKey, "There is no key.")
    }
}
