import NIOCore
import RegionRouter
import TenantDirectory

/// The change feed as another node has it.
struct PeerFeedSource: FeedSource {
    /// A page of 1,000 records is less than a megabyte.
    private static let timeout = Duration.seconds(5)

    let name: String
    let address: UpstreamAddress
    let client: PeerClient

    /// Has the directory read from other nodes while it is away.
    static func add(
        _ configured: [Region: [UpstreamAddress]], _ client: PeerClient, _ keeper: NodeKeeper<ContinuousClock>,
        to directory: Directory
    ) {
        let ownID = keeper.identity.id
        directory.setOtherSources {
            Self.sources(configured: configured, nodes: keeper.report.nodes, ownID: ownID, client: client)
        }
    }

    /// All nodes that are known: those of the configuration, and those that the directory named while it was there.
    static func sources(
        configured: [Region: [UpstreamAddress]], nodes: [NodesReport.Node], ownID: String, client: PeerClient
    ) -> [any FeedSource] {
        var found: [UpstreamAddress: String] = [:]
        for address in configured.values.joined() { found[address] = address.authority }
        let gone: [NodeRecord.State] = [.silent, .stopped]
        for node in nodes where node.record.identity.id != ownID && !gone.contains(node.record.state) {
            guard let address = PeerAddress.of(node.record) else { continue }
            found[address] = node.record.identity.id
        }
        return found.sorted { $0.value < $1.value }.map {
            PeerFeedSource(name: $0.value, address: $0.key, client: client)
        }
    }

    func feed(after position: FeedPosition?, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        // Everything anew comes from the directory alone.
        guard let position else { return .cut }
        let path = "\(NodeEndpoints.feedPath)?after=\(position.sequence)&id=\(position.id)&limit=\(limit)"
        do throws(RouterError) {
            let answer = try await client.ask(address, "GET", path, timeout: Self.timeout)
            guard answer.status == 200 else {
                throw RouterError(.peerBadResponse, origin: .peer, "Node \(name) answers with \(answer.status).")
            }
            return try Self.read(answer.body, from: name)
        } catch {
            throw DirectoryError(.unavailable, "The feed of node \(name) cannot be read: \(error.detail)")
        }
    }

    private static func read(_ body: ByteBuffer, from name: String) throws(RouterError) -> FeedAnswer {
        do throws(DirectoryError) {
            return try FeedAnswerBody.decode(Array(body.readableBytesView), from: name)
        } catch {
            throw RouterError(.peerBadResponse, origin: .peer, error.message)
        }
    }
}
