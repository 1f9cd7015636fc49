import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RegionRouter
import ServiceLifecycle
import TenantDirectory

/// The operator's listener, and where configured a second one for probes alone, on one thread of their own so that
/// neither waits for the data plane nor makes it wait.
final class AdminService: Service {
    /// Where a listener is bound.
    struct Listener: Sendable {
        let host: String
        /// 0 binds a free port.
        let port: Int
    }

    /// What the pages are made from.
    struct Sources: Sendable {
        let health: Health
        let metrics: RouterMetrics
        /// How many tenants there are; `nil` where the directory does not say.
        let tenants: @Sendable () async -> TenantCounts?
        /// The servers that requests are sent to.
        var upstreams: @Sendable () -> [UpstreamStatus] = { [] }
    }

    /// Connections of one listener; past it new ones wait.
    private static let maximumConnections = 256

    private let admin: Listener
    private let probes: Listener?
    private let sources: Sources
    private let logger: Logger
    private let addresses: [AsyncStream<SocketAddress>]
    private let announcements: [AsyncStream<SocketAddress>.Continuation]

    init(admin: Listener, probes: Listener?, sources: Sources, logger: Logger) {
        self.admin = admin
        self.probes = probes
        self.sources = sources
        self.logger = logger
        let streams = (0..<2).map { _ in
            AsyncStream.makeStream(of: SocketAddress.self, bufferingPolicy: .bufferingNewest(1))
        }
        addresses = streams.map(\.stream)
        announcements = streams.map(\.continuation)
    }

    /// Listens where the configuration says.
    convenience init(_ configuration: GatewayConfiguration, sources: Sources, logger: Logger) {
        self.init(
            admin: Listener(host: configuration.admin.host, port: configuration.admin.port),
            probes: configuration.probes.port.map { Listener(host: configuration.probes.host, port: $0) },
            sources: sources, logger: logger)
    }

    /// The address the operator's listener is bound to, as soon as it is; `nil` when the service ended before.
    func boundAdminAddress() async -> SocketAddress? { await first(of: addresses[0]) }

    /// The same of the listener for probes; `nil` where there is none.
    func boundProbesAddress() async -> SocketAddress? {
        probes == nil ? nil : await first(of: addresses[1])
    }

    /// Listens until the service is told to stop.
    /// - Throws: what binding throws, such as an address that is in use.
    func run() async throws {
        defer { for announcement in announcements { announcement.finish() } }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, listener) in [admin, probes].enumerated() {
                guard let listener else { continue }
                let application = application(listener, announcements[index], Self.group)
                tasks.addTask { try await application.run() }
            }
            try await tasks.waitForAll()
        }
    }

    /// One thread for the process. It is never shut down: Hummingbird lets go of its server a moment after it has
    /// ended, and needs the loop for that.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private func first(of stream: AsyncStream<SocketAddress>) async -> SocketAddress? {
        for await address in stream { return address }
        return nil
    }

    private func application(
        _ listener: Listener, _ announcement: AsyncStream<SocketAddress>.Continuation, _ group: any EventLoopGroup
    ) -> some ApplicationProtocol {
        var quiet = logger
        // Hummingbird tells of its own start and stop, and calls a listener that is cancelled an error; `serve` does
        // that in its own words.
        quiet.logLevel = .critical
        return Application(
            router: Self.router(sources),
            configuration: ApplicationConfiguration(
                address: .hostname(listener.host, port: listener.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)),
            onServerRunning: { channel in
                if let address = channel.localAddress { announcement.yield(address) }
            },
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }

    private static func router(_ sources: Sources) -> Hummingbird.Router<BasicRequestContext> {
        let router = Hummingbird.Router()
        router.get("/healthz") { _, _ in answer("ok\n", "text/plain; charset=utf-8") }
        router.get("/readyz") { _, _ in
            let report = sources.health.report
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let body = String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
            return answer(body, "application/json", status: report.ready ? .ok : .serviceUnavailable)
        }
        router.get("/metrics") { _, _ in
            let tenants = await sources.tenants()
            let page = PrometheusText.page(
                sources.metrics, health: sources.health.report, tenants: tenants, upstreams: sources.upstreams())
            return answer(page, "text/plain; version=0.0.4; charset=utf-8")
        }
        return router
    }

    private static func answer(_ text: String, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
