import Logging
import NIOPosix
package import RegionRouter
import ServiceLifecycle
package import TenantDirectory

/// Two nodes that are each other's peers, one for EU and one for US, with an app instance each: everything real but
/// the directories, of which each node has its own, so that a test says who knows what.
package struct PeerFixture: Sendable {
    /// One of the two nodes.
    package struct Node: Sendable {
        /// Of the host's listener.
        package let port: Int
        /// Of the peers' listener.
        package let peersPort: Int
        package let app: ScriptedInstance
        package let directory: MemoryDirectory
        package let observer: RecordingObserver
    }

    package let eu: Node
    package let us: Node

    package static let euRegion = Region("EU") ?? .global
    package static let usRegion = Region("US") ?? .global

    /// Runs `body` beside the two nodes, and stops everything when it has returned.
    ///
    /// - Parameters:
    ///   - tenants: that both directories know at first.
    ///   - certificates: of the node that owns the region.
    ///   - change: changes the configuration of the node that owns the region.
    package static func run<Value: Sendable>(
        tenants: [Tenant], endpoints: any HostEndpoints = NoEndpoints(), scripts: [String: String] = [:],
        certificates: (Region) -> RouterCertificates = { _ in RouterCertificates() },
        change: @escaping @Sendable (Region, inout RouterConfiguration) -> Void = { _, _ in },
        body: @escaping @Sendable (PeerFixture) async throws -> Value
    ) async throws -> Value {
        // Both must know the other's port before they start.
        let (euPeers, usPeers) = (try ReservedPort(), try ReservedPort())
        @Sendable func configure(_ own: Region, _ other: Region, _ port: Int, _ otherPort: Int)
            -> @Sendable (inout RouterConfiguration) -> Void
        {
            { configuration in
                configuration.nodeID = own.code.lowercased() + "-1"
                configuration.instances[other] = nil
                configuration.peers.listener = .init(host: "127.0.0.1", port: port)
                configuration.peers.addresses = [other: [UpstreamAddress(host: "127.0.0.1", port: otherPort)]]
                change(own, &configuration)
            }
        }
        let (euCertificates, usCertificates) = (certificates(euRegion), certificates(usRegion))
        return try await RouterFixture.run(
            tenants: tenants, scripts: scripts, endpoints: endpoints, certificates: euCertificates,
            change: configure(euRegion, usRegion, euPeers.port, usPeers.port)
        ) { eu in
            try await RouterFixture.run(
                tenants: tenants, scripts: scripts, endpoints: endpoints, certificates: usCertificates,
                change: configure(usRegion, euRegion, usPeers.port, euPeers.port)
            ) { us in
                // Kept until both listen.
                _ = (euPeers, usPeers)
                return try await body(
                    PeerFixture(
                        eu: Node(
                            port: eu.port, peersPort: eu.peersPort, app: eu.eu, directory: eu.directory,
                            observer: eu.observer),
                        us: Node(
                            port: us.port, peersPort: us.peersPort, app: us.us, directory: us.directory,
                            observer: us.observer)))
            }
        }
    }
}
