import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
package import RegionRouter
import ServiceLifecycle
import Synchronization
package import TenantDirectory

/// A router on a free port, with two app instances and tenants in memory: everything real but the directory.
package struct RouterFixture: Sendable {
    package let port: Int
    /// Of the peers' own listener; 0 where the configuration has none.
    package let peersPort: Int
    package let eu: ScriptedInstance
    package let us: ScriptedInstance
    package let directory: MemoryDirectory
    package let observer: RecordingObserver
    /// The gates of the router's loops.
    package let gates: any TenantGates
    /// Tells the router to stop, as SIGTERM does; returns at once.
    package let stop: @Sendable () async -> Void

    /// The app key of the fixture's declaration.
    package static let appKey = "com.example.app"
    package static let forgeAppID = "ari:cloud:ecosystem::app/8db33309-1111-4222-8333-444455556666"

    /// Runs `body` beside a router, and stops everything when it has returned.
    ///
    /// - Parameters:
    ///   - certificates: for a router that speaks TLS.
    ///   - change: changes the configuration before the start.
    ///   - now: the router's wall clock in seconds; the real one where it is `nil`.
    package static func run<Value: Sendable>(
        tenants: [Tenant] = [], scripts: [String: String] = [:], keys: any PublicKeySource = NoKeys(),
        endpoints: any HostEndpoints = NoEndpoints(), peerEndpoints: any PeerEndpoints = NoPeerEndpoints(),
        certificates: RouterCertificates = RouterCertificates(),
        change: @Sendable (inout RouterConfiguration) -> Void = { _ in },
        body: @escaping @Sendable (RouterFixture) async throws -> Value
    ) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eu = try await ScriptedInstance(name: "eu", scripts: scripts, group: group)
        let us = try await ScriptedInstance(name: "us", scripts: scripts, group: group)
        var configuration = Self.configuration(eu: eu.port, us: us.port)
        change(&configuration)
        let directory = MemoryDirectory(tenants)
        let observer = RecordingObserver()
        let router = Router(
            configuration: configuration, lookup: directory, reports: directory, keys: keys, endpoints: endpoints,
            peerEndpoints: peerEndpoints, observer: observer, accessLog: nil, certificates: certificates,
            wallClock: { WallClock.seconds() })
        let services = ServiceGroup(
            configuration: .init(services: [router], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let result: Result<Value, any Error> = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await services.run() }
            let result: Result<Value, any Error>
            do {
                let port = await router.boundAddress()?.port ?? 0
                let fixture = RouterFixture(
                    port: port, peersPort: await router.boundPeersAddress()?.port ?? 0, eu: eu, us: us,
                    directory: directory, observer: observer, gates: router.gates,
                    stop: { await services.triggerGracefulShutdown() })
                result = .success(try await BlockingExecutor.run { try await body(fixture) })
            } catch {
                result = .failure(error)
            }
            await services.triggerGracefulShutdown()
            await tasks.waitForAll()
            return result
        }
        await eu.stop()
        await us.stop()
        try await group.shutdownGracefully()
        return try result.get()
    }

    /// A configuration of one region, for a router that a test runs itself.
    package static func oneRegion(_ instance: UpstreamAddress) -> RouterConfiguration {
        configuration(eu: instance.port, us: instance.port)
    }

    private static func configuration(eu: Int, us: Int) -> RouterConfiguration {
        func endpoint(_ region: Region, _ host: String) -> PublicEndpoint {
            PublicEndpoint(region: region, baseURL: "http://\(host)", authority: host, basePath: "")
        }
        var regions: [Region: [UpstreamAddress]] = [:]
        var endpoints = [endpoint(.global, "app.example.com")]
        for (code, port) in [("EU", eu), ("US", us)] {
            guard let region = Region(code) else { continue }
            regions[region] = [UpstreamAddress(host: "127.0.0.1", port: port)]
            endpoints.append(endpoint(region, "\(code.lowercased()).example.com"))
        }
        let identify = IdentifyConfiguration(
            appKey: appKey, forgeAppID: forgeAppID,
            lifecyclePaths: [
                .installed: "/installed", .uninstalled: "/uninstalled", .enabled: "/enabled", .disabled: "/disabled",
            ],
            declaredCalls: [DeclaredCall(method: "GET", path: "/panel"), DeclaredCall(method: "POST", path: "/hook")])
        var limits = HTTPLimits()
        limits.drainTimeout = .seconds(2)
        var configuration = RouterConfiguration(
            listen: ListenConfiguration(port: 0, eventLoops: 2), limits: limits, endpoints: endpoints,
            instances: regions,
            defaultRegion: Region("EU") ?? .global, identify: identify)
        // Tests count the connections that their app instances get.
        configuration.upstreams.checkInterval = nil
        return configuration
    }

    package func connect() throws -> RawSocket { try RawSocket(port: port) }

    /// A tenant named `name` in `region`, with the secret `secret of NAME`.
    package static func tenant(_ name: String, in region: String, id: UInt64 = 1, epoch: Int64 = 1) -> Tenant {
        Tenant(
            id: TenantID(high: 7, low: id), aliases: [TenantAlias(.connect, app: appKey, name: name)],
            state: .installed,
            placement: Placement(region: Region(region) ?? .global, epoch: epoch, state: .serving),
            hostBaseURL: "https://\(name).atlassian.net", product: "jira", secret: Secret("secret of \(name)"),
            sequence: 1,
            installedAt: .distantPast, updatedAt: .distantPast)
    }
}
