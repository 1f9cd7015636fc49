import Logging
import NIOCore
import RealmMigration
import RegionRouter
import TestSupport
import Testing

@testable import ResidencyGateway
@testable import TenantDirectory

@Suite("The feed of another node", .timeLimit(.minutes(1)))
final class NodeEndpointsTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func sealer() throws -> SecretSealer {
        SecretSealer(try #require(KeyRing(key: [UInt8](repeating: 7, count: 32))))
    }

    private func node(_ name: String, _ store: any DirectoryStore) throws -> TenantDirectory.Directory {
        let mirror = try LocalMirror(path: folder.file(name), node: name, sealer: try sealer())
        return Directory(store: store, mirror: mirror, logger: logger)
    }

    private func endpoints(
        _ directory: TenantDirectory.Directory, _ holds: any HoldStore, _ gates: any TenantGates = GateDouble()
    ) throws -> NodeEndpoints {
        let eu = try #require(Region("EU"))
        let identity = NodeRecord.Identity(id: "n", incarnation: "1")
        let node = HoldAgent.Node(identity: identity, regions: { [eu] }, target: { _ in .well }, hurry: { _ in })
        let agent = HoldAgent(directory: directory, gates: gates, holds: holds, node: node, logger: logger)
        return NodeEndpoints(directory: directory, agent: agent, stores: StoreCallAnswerer(StoreSet([]))) {
            NodeRecord(
                identity: identity, regions: [eu], version: "1", regionView: "", configurationDigest: "", startedAt: 0)
        }
    }

    private func add(_ name: String, to store: SQLiteStore) async throws -> TenantKey {
        let alias = TenantAlias(.connect, app: "app", name: name)
        let eu = try #require(Region("EU"))
        _ = try await store.importTenants(
            [ImportedTenant(aliases: [alias], secret: Secret("s"), region: eu)], actor: "test")
        return .alias(alias)
    }

    @Test(
        "brings what a node has not heard of while the directory is out of its reach, over the peers' listener",
        arguments: [false, true])
    func overTheWire(isSecure: Bool) async throws {
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: try sealer())
        let near = try node("near", store)
        _ = try await add("a", to: store)
        try await near.catchUp()
        near.sawRow(.now)
        let far = try node("far", store)
        try await far.catchUp()
        let key = try await add("b", to: store)
        try await near.catchUp()
        let known = try await store.tenant(key)
        store.close()
        let authority = try TestAuthority(in: folder.path)
        let both = try PeerTLSSettings(authority, authority.issue("node", for: ["IP:127.0.0.1"])).both
        let listen = try isSecure ? both.map { try Renewable($0.server) { WallClock.seconds() } } : nil
        let calls = try both.map { try Renewable($0.client) { WallClock.seconds() } }
        try await RouterFixture.run(
            tenants: [], peerEndpoints: try endpoints(near, store),
            certificates: RouterCertificates(peersListen: listen),
            change: { $0.peers.listener = PeerConfiguration.Listener(host: "127.0.0.1", port: 0) }
        ) { fixture in
            let address = UpstreamAddress(host: "127.0.0.1", port: fixture.peersPort, isSecure: isSecure)
            let region = try #require(Region("US"))
            far.setOtherSources {
                PeerFeedSource.sources(
                    configured: [region: [address]], nodes: [], ownID: "far", client: PeerClient(certificates: calls))
            }
            await #expect(throws: DirectoryError.self) { _ = try await far.readFeed() }
            far.sawRow(.now)
            #expect(try await far.tenant(key) == known)
        }
    }

    @Test(
        "is asked for in one way, and refused in words otherwise",
        arguments: [
            ("GET", "feed", "after=x&id=a&limit=5", 400), ("GET", "feed", "", 400), ("POST", "feed", "", 404),
            ("GET", "other", "", 404), ("GET", "about", "", 200), ("POST", "about", "", 404),
            ("GET", "feed", "after=1&id=a&limit=5", 503), ("GET", "hold", "", 404),
            ("POST", "hold", "", 400),
        ])
    func refusals(method: String, path: String, query: String, status: Int) async throws {
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: try sealer())
        let endpoints = try endpoints(try node("n", AwayStore()), store)
        let call = PeerCall(
            method: method, path: path, query: query, certificateName: nil, body: ByteBuffer())
        #expect(await endpoints.answer(call).status == status)
    }

    @Test("answers the questions of a cutover over the peers' listener: the gate closes, and opens again")
    func cutover() async throws {
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: try sealer())
        let key = try await add("a", to: store)
        let tenant = try #require(try await store.tenant(key))
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        let near = Directory(store: store, logger: logger)
        let gates = GateDouble()
        let endpoints = try endpoints(near, store, gates)
        await gates.take(tenant)
        try await RouterFixture.run(
            tenants: [], peerEndpoints: endpoints,
            change: { $0.peers.listener = PeerConfiguration.Listener(host: "127.0.0.1", port: 0) }
        ) { fixture in
            let link = PeerHoldLink(client: PeerClient())
            let node = NodeRecord(
                identity: NodeRecord.Identity(id: "n", incarnation: "1"), regions: [eu],
                addresses: ["peers": "127.0.0.1:\(fixture.peersPort)"], version: "1", regionView: "",
                configurationDigest: "", startedAt: 0)
            guard
                case .traffic(_, knownEpoch: 1, let standing)? = await link.ask(
                    node, .traffic(tenant.id, target: us), within: .seconds(20))
            else {
                Issue.record("no traffic")
                return
            }
            #expect(standing.target == .well)
            let hold = try await store.hold(tenant.id, for: "m", at: eu, above: 0, actor: "test")
            let held = await link.ask(node, .hold(hold, DrainRule(isFenced: true), target: us), within: .seconds(20))
            guard case .acknowledged(node.identity, _)? = held else {
                Issue.record("\(String(describing: held))")
                return
            }
            #expect(!gates.admit(tenant.id, at: eu) {})
            let next = try await store.release(hold, to: eu, actor: "test")
            #expect(
                await link.ask(
                    node, .release(tenant.id, next.placement, sequence: next.sequence), within: .seconds(20))
                    == .released)
            #expect(gates.admit(tenant.id, at: eu) {})
            let unknown = HoldQuestion.release(TenantID(high: 1, low: 1), next.placement, sequence: 1)
            guard case .unable? = await link.ask(node, unknown, within: .seconds(20)) else {
                Issue.record("an unknown tenant is released")
                return
            }
        }
    }

    @Test("finds the app instances of a region down only where each has failed its check, or is out of use")
    func instances() throws {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        func status(_ region: Region, isPeer: Bool = false, isOut: Bool = false, isWell: Bool? = nil) -> UpstreamStatus
        {
            UpstreamStatus(
                region: region, authority: "a:1", isPeer: isPeer, isOut: isOut, isWell: isWell, outstanding: 0)
        }
        let down = [status(us, isWell: false), status(us, isOut: true, isWell: true), status(eu, isPeer: true)]
        #expect(NodeHolding.state(of: us, down) == .down)
        #expect(NodeHolding.state(of: us, down + [status(us)]) == .well)
        #expect(NodeHolding.state(of: us, down + [status(us, isWell: true)]) == .well)
        #expect(NodeHolding.state(of: eu, down) == .notOwned)
    }

    @Test("is looked for at the nodes of the configuration and at those that the directory named")
    func sources() throws {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        func node(_ id: String, _ peers: String?, _ state: NodeRecord.State = .serving) -> NodesReport.Node {
            let record = NodeRecord(
                identity: NodeRecord.Identity(id: id, incarnation: "1"), state: state, regions: [eu],
                addresses: peers.map { ["peers": $0] } ?? [:], version: "1", regionView: "", configurationDigest: "",
                startedAt: 0)
            return NodesReport.Node(record: record, unchangedFor: .zero, isSilent: false)
        }
        let sources = PeerFeedSource.sources(
            configured: [us: [UpstreamAddress(host: "us.internal", port: 8443)]],
            nodes: [
                node("eu-1", "10.0.0.1:1"), node("eu-2", "[::1]:2"), node("eu-3", nil), node("eu-4", "odd"),
                node("eu-5", "10.0.0.5:5", .silent),
                node("eu-6", "https://eu-6.internal:6"),
            ], ownID: "eu-1", client: PeerClient())
        #expect(sources.map(\.name) == ["eu-2", "eu-6", "us.internal:8443"])
        #expect((sources.first as? PeerFeedSource)?.address == UpstreamAddress(host: "::1", port: 2))
        let secure = try #require(sources.dropFirst().first as? PeerFeedSource)
        #expect(secure.address == UpstreamAddress(host: "eu-6.internal", port: 6, isSecure: true))
    }

    @Test("says in the directory that it is called by https where the listener for peers has TLS")
    func announced() {
        let bound = Gateway.Addresses(listen: "0.0.0.0:1", admin: "127.0.0.1:2", peers: "0.0.0.0:3")
        var node = NodeSettings()
        node.address = "eu-1.internal"
        #expect(NodeDescription.addresses(bound, node, isSecure: true)["peers"] == "https://eu-1.internal:3")
        #expect(NodeDescription.addresses(bound, node, isSecure: false)["peers"] == "eu-1.internal:3")
    }
}

extension PeerTLSSettings {
    fileprivate init(_ authority: TestAuthority, _ files: CertificateFiles) {
        self.init(
            authorityFile: authority.certificateFile, certificateFile: files.chainFile, keyFile: files.keyFile)
    }
}
