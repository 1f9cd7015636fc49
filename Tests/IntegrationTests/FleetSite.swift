import Foundation
import Logging
import NIOPosix
import RegionRouter
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

/// Nodes of two regions as processes of their own, on one PostgreSQL, with an app double for each region in the test's
/// process. The test is the coordinator of cutovers: it asks the nodes over their listeners for peers.
final class FleetSite: Sendable {
    /// One gateway process.
    struct Node: Sendable {
        let name: String
        let process: ChildProcess
        /// Of the host's listener.
        let port: Int
        let adminPort: Int
    }

    let store: PostgresStore
    let eu: ScriptedInstance
    let us: ScriptedInstance
    /// Lives in EU at first.
    let tenant: TenantID
    let source: Region
    let target: Region
    private let folder: ScratchFolder
    /// Of the directory, by the node's name.
    private let urls: [String: String]
    /// The way of a node to the directory, which a test can cut.
    let relays: [String: Relay]
    private let peers: [String: ReservedPort]
    private let running = Mutex<[String: Node]>([:])
    /// Who waits for a node to run, by its name.
    private let hasEnded = Flag()
    private let waiting = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    static let names = ["eu-1", "eu-2", "us-1"]
    private static let clientKey = "tenant-one"
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let timeout = 60

    /// - Parameter relayed: nodes whose way to the directory can be cut.
    init(on cluster: PostgresCluster, relayed: [String] = []) async throws {
        folder = try ScratchFolder()
        (source, target) = (try #require(Region("EU")), try #require(Region("US")))
        let url = try await cluster.newSchema()
        var relays: [String: Relay] = [:]
        for name in relayed { relays[name] = try await Relay(to: cluster.port) }
        self.relays = relays
        urls = Dictionary(
            uniqueKeysWithValues: Self.names.map { name in
                let port = relays[name]?.port ?? cluster.port
                return (name, url.replacing(":\(cluster.port)/", with: ":\(port)/"))
            })
        peers = try Dictionary(uniqueKeysWithValues: Self.names.map { ($0, try ReservedPort()) })
        eu = try await ScriptedInstance(name: "eu", group: MultiThreadedEventLoopGroup.singleton)
        us = try await ScriptedInstance(name: "us", group: MultiThreadedEventLoopGroup.singleton)
        var settings = PostgresSettings(url: url)
        settings.statementTimeout = .seconds(60)
        store = try PostgresStore(settings, sealer: SecretSealer(try #require(KeyRing(key: Self.key))))
        try await store.prepare()
        let alias = TenantAlias(.connect, app: SampleApp.key, name: Self.clientKey)
        _ = try await store.importTenants(
            [ImportedTenant(aliases: [alias], secret: Secret("secret of \(Self.clientKey)"), region: source)],
            actor: "test")
        tenant = try #require(try await store.tenant(.alias(alias))).id
        let descriptor = SampleDescriptor.value(
            baseURL: "http://app.localhost", regionBaseURLs: ["EU": "http://eu.localhost", "US": "http://us.localhost"])
        try Data(descriptor.encoded(pretty: true)).write(
            to: URL(fileURLWithPath: folder.file("atlassian-connect.json")))
    }

    /// Ends everything. A node that a test has ended already is left.
    func end() async {
        hasEnded.set()
        for name in Self.names { wakeAll(name) }
        for node in running.withLock({ $0.values }) {
            node.process.killAtOnce()
            _ = await node.process.ending()
        }
        for relay in relays.values { await relay.stop() }
        store.close()
        await eu.stop()
        await us.stop()
    }

    // MARK: Nodes

    /// Starts a node, or starts it again.
    @discardableResult
    func start(_ name: String) async throws -> Node {
        let process = try ChildProcess(
            ["serve", "--config", try configuration(name)],
            environment: [
                "RESIDENCY_DIRECTORY_URL": urls[name] ?? "",
                "RESIDENCY_SECRETS_KEY": Data(Self.key).base64EncodedString(),
            ])
        let line = await process.line()
        guard let listen = GatewaySite.member("listen", of: line), let admin = GatewaySite.member("admin", of: line)
        else {
            process.killAtOnce()
            Issue.record("did not serve: \(await process.ending().errors)")
            throw CancellationError()
        }
        let node = Node(
            name: name, process: process, port: try Self.port(of: listen), adminPort: try Self.port(of: admin))
        running.withLock { $0[name] = node }
        wakeAll(name)
        return node
    }

    /// Ends a node as a crash does.
    func kill(_ name: String) async {
        guard let node = running.withLock({ $0.removeValue(forKey: name) }) else { return }
        node.process.killAtOnce()
        _ = await node.process.ending()
    }

    /// The node, as soon as it runs; `nil` once all has ended.
    func running(_ name: String) async -> Node? {
        while !hasEnded.isSet {
            if let node = running.withLock({ $0[name] }) { return node }
            await withCheckedContinuation { waiter in
                waiting.withLock { $0[name, default: []].append(waiter) }
                // It may have come, or all have ended, since it was looked for.
                if hasEnded.isSet || running.withLock({ $0[name] != nil }) { wakeAll(name) }
            }
        }
        return nil
    }

    private func wakeAll(_ name: String) {
        for waiter in waiting.withLock({ $0.removeValue(forKey: name) ?? [] }) { waiter.resume() }
    }

    func node(_ name: String) throws -> Node { try #require(running.withLock { $0[name] }) }

    private static func port(of address: String) throws -> Int {
        try #require(address.split(separator: ":").last.flatMap { Int($0) })
    }

    private func configuration(_ name: String) throws -> String {
        let isEU = name.hasPrefix("eu")
        let (own, other, app) = isEU ? ("EU", "US", eu.port) : ("US", "EU", us.port)
        let others = peers.filter { $0.key.hasPrefix("eu") != isEU }.sorted { $0.key < $1.key }
            .map { "\"http://127.0.0.1:\($0.value.port)\"" }.joined(separator: ", ")
        let text = """
            node:      { id: \(name), regions: [\(own)] }
            app:
              declaration: atlassian-connect.json
              instances: { \(own): ["http://127.0.0.1:\(app)"] }
            listen:    { host: 127.0.0.1, port: 0, eventLoops: 2 }
            admin:     { host: 127.0.0.1, port: 0 }
            peers:
              listen: { host: 127.0.0.1, port: \(peers[name]?.port ?? 0) }
              \(other): [\(others)]
            directory: { store: postgres, statementTimeout: 60s }
            mirror:    { path: \(name).sqlite }
            limits:    { holdBudget: 60s }
            log:       { access: false, level: error }
            defaultRegion: EU

            """
        let path = folder.file("\(name).yaml")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    // MARK: Cutovers

    /// Waits until all nodes have written where they are asked: a node serves a moment before its row says so.
    func canBeAsked() async throws {
        while try await store.nodes().contains(where: { $0.addresses["peers"] == nil }) { await Task.yield() }
    }

    /// Wide enough that a loaded machine gives nothing up.
    func coordinator(
        isFenced: Bool = true, link: (any HoldLink)? = nil, change: (inout HoldSettings) -> Void = { _ in }
    ) -> HoldCoordinator {
        var settings = HoldSettings(isFenced: isFenced)
        settings.cutoverWindow = .seconds(60)
        (settings.quietFor, settings.drainBudget, settings.deadline) = (.seconds(30), .seconds(30), .seconds(60))
        settings.answerTimeout = .seconds(10)
        change(&settings)
        return HoldCoordinator(
            holds: store, link: link ?? PeerHoldLink(client: PeerClient()), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    // MARK: Requests

    /// A call of the host for the tenant, at the URL of its first region.
    static func request(_ method: String = "GET", _ path: String, body: String? = nil) -> String {
        let token = TokenMaker.hs256(
            TokenMaker.hostClaims(tenant: clientKey, method: method, path: path, at: WallClock.seconds()),
            secret: "secret of \(clientKey)")
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let head = "\(method) \(path) HTTP/1.1\r\nHost: eu.localhost\r\nAuthorization: JWT \(token)\r\n"
        return head + length + "\r\n" + (body ?? "")
    }

    static func connect(_ node: Node) throws -> RawSocket { try RawSocket(port: node.port, timeout: timeout) }

    /// Sends one call and reads its answer.
    func call(_ name: String, _ path: String) async throws -> RawResponse {
        let node = try node(name)
        return try await BlockingExecutor.run {
            let socket = try Self.connect(node)
            try socket.send(Self.request("GET", path))
            return try socket.receiveResponse()
        }
    }

    /// Returns when so many requests have waited at the node's gates since it started.
    func held(_ count: Int, at name: String) async throws {
        while try await heldCount(at: name) < count {}
    }

    /// How many requests have waited at the node's gates since it started.
    func heldCount(at name: String) async throws -> Int {
        let node = try node(name)
        return try await BlockingExecutor.run {
            let socket = try RawSocket(port: node.adminPort, timeout: Self.timeout)
            try socket.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let page = try socket.receiveResponse().text
            let line = page.split(separator: "\n").first { $0.hasPrefix("residency_requests_held_total") }
            return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
        }
    }
}
