import NIOCore
import RealmMigration
import RegionRouter
import TenantDirectory

/// The way to the stores of another region: over the peers' listener of a node that owns it.
struct PeerStoreLink: StoreLink {
    /// For one call; a comparison of a large table takes long.
    private static let timeout = Duration.seconds(60)

    let registry: any NodeRegistry
    let client: PeerClient

    func ask(_ region: Region, _ call: StoreCall) async throws(MigrationError) -> StoreAnswerFrame {
        let bytes = call.bytes
        guard bytes.count <= HTTPLimits.peerBodyBytes else {
            throw MigrationError(
                .blocked,
                "A row is too long to be moved from node to node: a call is at most \(HTTPLimits.peerBodyBytes) bytes.")
        }
        let nodes: [NodeRecord]
        do throws(DirectoryError) { nodes = try await registry.nodes() } catch {
            throw MigrationError(.unavailable, error.message)
        }
        let owners = nodes.filter { $0.state == .serving && $0.regions.contains(region) }
        var failure = "No node that owns \(region) is registered and serving; `nodes list` shows them."
        for node in owners {
            guard let address = PeerAddress.of(node) else {
                failure = "Node \(node.identity.id) has no listener for peers: give it peers.listen.port."
                continue
            }
            do throws(RouterError) {
                let answer = try await client.ask(
                    address, "POST", NodeEndpoints.storePath, body: ByteBuffer(bytes: bytes), timeout: Self.timeout)
                if answer.status == 200 { return try Self.frame(answer.body) }
                failure = "Node \(node.identity.id) answers a call for a store with \(answer.status)."
            } catch {
                failure = "Node \(node.identity.id) cannot be asked for a store: \(error.detail)"
            }
        }
        throw MigrationError(.unavailable, failure)
    }

    private static func frame(_ body: ByteBuffer) throws(RouterError) -> StoreAnswerFrame {
        do throws(MigrationError) { return try StoreAnswerFrame(Array(body.readableBytesView)) } catch {
            throw RouterError(.peerBadResponse, origin: .peer, error.message)
        }
    }
}
