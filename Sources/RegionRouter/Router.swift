package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import TenantDirectory

/// The data plane as a service: listens, gives each connection to an event loop, and on shutdown stops accepting and
/// lets what is under way come to its end.
package final class Router: Service {
    private let shared: RouterShared
    private let connections = Atomic<Int>(0)
    private let bound: AsyncStream<SocketAddress>
    private let bind: AsyncStream<SocketAddress>.Continuation

    /// - Parameters:
    ///   - accessLog: where the line of each request goes; `nil` for nowhere.
    ///   - wallClock: seconds since 1970, for the times in tokens.
    package init(
        configuration: RouterConfiguration, lookup: any PlacementLookup, reports: any TenantReports,
        keys: any PublicKeySource, endpoints: any HostEndpoints, observer: any RouterObserver,
        accessLog: AccessLogWriter?, wallClock: @escaping @Sendable () -> Int64
    ) {
        let loops = configuration.listen.eventLoops ?? System.coreCount
        shared = RouterShared(
            configuration: configuration, lookup: lookup, reports: reports, keys: keys, endpoints: endpoints,
            observer: observer, jobs: JobQueue(limit: max(1, loops) * configuration.limits.parkedRequests),
            accessLog: accessLog, wallClock: wallClock)
        (bound, bind) = AsyncStream.makeStream(of: SocketAddress.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// The address that is listened on, as soon as it is; `nil` when the router ended before.
    package func boundAddress() async -> SocketAddress? {
        for await address in bound { return address }
        return nil
    }

    /// Listens until the service is told to stop, then drains: at most `HTTPLimits.drainTimeout`.
    /// - Throws: what binding throws, such as an address that is in use.
    package func run() async throws {
        let threads = max(1, shared.configuration.listen.eventLoops ?? System.coreCount)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        defer { bind.finish() }
        do {
            try await serve(on: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        shared.accessLog?.drain()
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        let loops = try await RouterLoops(group: group, shared: shared)
        shared.everyLoop.set(loops)
        defer { shared.everyLoop.set(nil) }
        let channel = try await listen(on: group, loops)
        if let address = channel.localAddress { bind.yield(address) }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.shared.jobs.run() }
            tasks.addTask {
                for await change in self.shared.lookup.changes() { loops.apply(change) }
            }
            await withTaskCancellationOrGracefulShutdownHandler {
                try? await channel.closeFuture.get()
            } onCancelOrGracefulShutdown: {
                channel.close(promise: nil)
            }
            await loops.drain(within: self.shared.times.drain)
            self.shared.jobs.finish()
            tasks.cancelAll()
        }
    }

    private func listen(on group: MultiThreadedEventLoopGroup, _ loops: RouterLoops) async throws -> any Channel {
        let listen = shared.configuration.listen
        let limit = shared.configuration.limits.connections
        let observer = shared.observer
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard self.connections.add(1, ordering: .relaxed).newValue <= limit else {
                    self.connections.subtract(1, ordering: .relaxed)
                    observer.observe(.connectionRefused)
                    return channel.close()
                }
                observer.observe(.connectionOpened)
                channel.closeFuture.whenComplete { _ in self.connections.subtract(1, ordering: .relaxed) }
                return channel.eventLoop.makeCompletedFuture {
                    let peer = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
                    let connection = ClientConnection(loop: try loops.loop(of: channel.eventLoop), peer: peer)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .bind(host: listen.host, port: listen.port).get()
    }
}
