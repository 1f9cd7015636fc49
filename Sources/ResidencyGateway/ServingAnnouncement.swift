import NIOCore
import RegionRouter
import ServiceLifecycle

/// Tells when everything listens. Once the end has come, it says so to the health report, so that load balancers send
/// new requests elsewhere, and gives them time to notice before the router stops accepting.
struct ServingAnnouncement: Service {
    private let router: RegionRouter.Router
    private let admin: AdminService
    private let health: Health
    private let serves: @Sendable (Gateway.Addresses) -> Void
    /// How long connections are still accepted.
    private let delay: Duration
    private let stream: AsyncStream<Gateway.Addresses>
    private let continuation: AsyncStream<Gateway.Addresses>.Continuation

    /// - Parameter serves: is told the addresses too.
    init(
        router: RegionRouter.Router, admin: AdminService, health: Health, delay: Duration,
        serves: @escaping @Sendable (Gateway.Addresses) -> Void
    ) {
        self.serves = serves
        self.router = router
        self.admin = admin
        self.health = health
        self.delay = delay
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The addresses, as soon as all are bound; `nil` when the gateway ended before.
    func addresses() async -> Gateway.Addresses? {
        for await addresses in stream { return addresses }
        return nil
    }

    func run() async throws {
        defer { continuation.finish() }
        async let adminAddress = admin.boundAdminAddress()
        if let listen = await router.boundAddress(), let admin = await adminAddress {
            health.set(.router, .fine)
            let peers = await router.boundPeersAddress()
            let addresses = Gateway.Addresses(
                listen: Self.text(listen), admin: Self.text(admin), peers: peers.map(Self.text))
            serves(addresses)
            continuation.yield(addresses)
        }
        // A part that could not bind has thrown, and the group ends with its error.
        try await gracefulShutdown()
        health.set(.router, .draining)
        router.announceEnd()
        // The group stops its parts one after the other: the router is told when this returns.
        if delay > .zero { try? await Task.sleep(for: delay) }
    }

    private static func text(_ address: SocketAddress) -> String {
        let host = address.ipAddress ?? "localhost"
        return host.contains(":") ? "[\(host)]:\(address.port ?? 0)" : "\(host):\(address.port ?? 0)"
    }
}
