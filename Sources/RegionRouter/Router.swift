package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import TenantDirectory

/// The data plane as a service: listens, gives each connection to an event loop, and on shutdown stops accepting and
/// lets what is under way come to its end.
package final class Router: Service {
    /// What is in force; replaced when the configuration is read again.
    private let current: Mutex<RouterShared>
    private var shared: RouterShared { current.withLock { $0 } }
    private let connections: OpenConnections
    private let peerConnections: OpenConnections
    private let bound: AsyncStream<SocketAddress>
    private let bind: AsyncStream<SocketAddress>.Continuation
    private let peersBound: AsyncStream<SocketAddress>
    private let peersBind: AsyncStream<SocketAddress>.Continuation

    /// - Parameters:
    ///   - peerEndpoints: what answers the calls of other nodes that are not forwarded.
    ///   - accessLog: where the line of each request goes; `nil` for nowhere.
    ///   - certificates: what is needed of TLS; without them everything is plain HTTP.
    ///   - wallClock: seconds since 1970, for the times in tokens.
    ///   - gates: what becomes the gates of its loops, for those who need them before there is a router.
    package init(
        configuration: RouterConfiguration, lookup: any PlacementLookup, reports: any TenantReports,
        keys: any PublicKeySource, endpoints: any HostEndpoints,
        peerEndpoints: any PeerEndpoints = NoPeerEndpoints(), observer: any RouterObserver,
        accessLog: AccessLogWriter?, certificates: RouterCertificates = RouterCertificates(),
        wallClock: @escaping @Sendable () -> Int64, gates: EveryLoop = EveryLoop()
    ) {
        let loops = configuration.listen.eventLoops ?? System.coreCount
        let shared = RouterShared(
            configuration: configuration, lookup: lookup, reports: reports, keys: keys, endpoints: endpoints,
            peerEndpoints: peerEndpoints, observer: observer,
            jobs: JobQueue(limit: max(1, loops) * configuration.limits.parkedRequests), loopCount: max(1, loops),
            accessLog: accessLog, certificates: certificates, wallClock: wallClock, everyLoop: gates)
        current = Mutex(shared)
        connections = OpenConnections(limit: configuration.limits.connections)
        peerConnections = OpenConnections(limit: configuration.limits.connections)
        (bound, bind) = AsyncStream.makeStream(of: SocketAddress.self, bufferingPolicy: .bufferingNewest(1))
        (peersBound, peersBind) = AsyncStream.makeStream(of: SocketAddress.self, bufferingPolicy: .bufferingNewest(1))
        gates.describe { [weak self] in self?.upstreams ?? [] }
    }

    /// What is known of the app instances and peers, in the order of their regions.
    package var upstreams: [UpstreamStatus] {
        [shared.instances, shared.peers].flatMap { sets in
            sets.sorted { $0.key < $1.key }.flatMap { region, set in
                set.servers.map { UpstreamStatus(region, $0) }
            }
        }
    }

    /// The address that is listened on, as soon as it is; `nil` when the router ended before.
    package func boundAddress() async -> SocketAddress? {
        for await address in bound { return address }
        return nil
    }

    /// The address that peers reach, as soon as it is listened on; `nil` where there is no such listener, or when the
    /// router ended before.
    package func boundPeersAddress() async -> SocketAddress? {
        for await address in peersBound { return address }
        return nil
    }

    /// The gates of its loops, for those who hold a tenant.
    package var gates: any TenantGates { shared.everyLoop }

    /// Goes on with another configuration; requests under way are finished, no connection is closed for it. What the
    /// router listens on, its event loops and the queue of its jobs stay as they were.
    /// - Parameter accessLog: where the line of each request goes; `nil` for nowhere.
    package func reconfigure(
        _ configuration: RouterConfiguration, endpoints: any HostEndpoints, accessLog: AccessLogWriter?
    ) async {
        let shared = current.withLock { current in
            current = current.with(configuration, endpoints: endpoints, accessLog: accessLog)
            return current
        }
        for connections in [connections, peerConnections] { connections.bound(by: configuration.limits.connections) }
        await shared.everyLoop.current?.reconfigured(shared)
    }

    /// Returns when the last request is done that was sent to app instances which a reload has left.
    package func leftInstances() async {
        while !Task.isCancelled, let loops = shared.everyLoop.current, await !loops.haveLeft() {
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Before the end: responses close their connections from here on, so that clients come back elsewhere; new
    /// connections are still accepted.
    package func announceEnd() { shared.everyLoop.current?.announceEnd() }

    /// Listens until the service is told to stop, then drains: at most `HTTPLimits.drainTimeout`.
    /// - Throws: what binding throws, such as an address that is in use.
    package func run() async throws {
        let threads = max(1, shared.configuration.listen.eventLoops ?? System.coreCount)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        defer {
            bind.finish()
            peersBind.finish()
        }
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
        let channels = try await listen(on: group, loops)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.shared.jobs.run() }
            let watch = UpstreamWatch(group: group) { self.shared }
            tasks.addTask { await watch.run() }
            tasks.addTask {
                for await change in self.shared.lookup.changes() { loops.apply(change) }
            }
            await withTaskCancellationOrGracefulShutdownHandler {
                for channel in channels { try? await channel.closeFuture.get() }
            } onCancelOrGracefulShutdown: {
                for channel in channels { channel.close(promise: nil) }
            }
            await loops.drain(within: self.shared.times.drain)
            self.shared.jobs.finish()
            tasks.cancelAll()
        }
    }

    /// Binds what is to be listened on: the peers first, so that a node which can be called by the host can be called
    /// by its peers.
    private func listen(on group: MultiThreadedEventLoopGroup, _ loops: RouterLoops) async throws -> [any Channel] {
        var channels: [any Channel] = []
        if let peers = shared.configuration.peers.listener {
            do {
                let channel = try await listen(.peers, peers.host, peers.port, on: group, loops)
                channels.append(channel)
                if let address = channel.localAddress { peersBind.yield(address) }
            } catch let error as IOError {
                throw PeersListenError(host: peers.host, port: peers.port, cause: error)
            }
        }
        peersBind.finish()
        let listen = shared.configuration.listen
        do {
            let channel = try await self.listen(.host, listen.host, listen.port, on: group, loops)
            channels.append(channel)
            if let address = channel.localAddress { bind.yield(address) }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        return channels
    }

    private func listen(
        _ door: Door, _ host: String, _ port: Int, on group: MultiThreadedEventLoopGroup, _ loops: RouterLoops
    ) async throws -> any Channel {
        let observer = shared.observer
        let connections = door == .host ? connections : peerConnections
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.opened() else {
                    connections.closed()
                    observer.observe(.connectionRefused)
                    return channel.close()
                }
                observer.observe(.connectionOpened)
                channel.closeFuture.whenComplete { _ in
                    connections.closed()
                    observer.observe(.connectionClosed)
                }
                return channel.eventLoop.makeCompletedFuture {
                    try ConnectionSetup(loop: loops.loop(of: channel.eventLoop), door: door).set(up: channel)
                }
            }
            .bind(host: host, port: port).get()
    }
}

/// Connections of one listener that are open. Counted apart for each, so that no flood of clients shuts the peers out.
private final class OpenConnections: Sendable {
    private let count = Atomic<Int>(0)
    private let limit: Atomic<Int>

    init(limit: Int) { self.limit = Atomic(limit) }

    func bound(by limit: Int) { self.limit.store(limit, ordering: .relaxed) }

    /// - Returns: whether it is within the bound; it is counted in either case.
    func opened() -> Bool { count.add(1, ordering: .relaxed).newValue <= limit.load(ordering: .relaxed) }
    func closed() { count.subtract(1, ordering: .relaxed) }
}

/// The peers' own listener could not be bound.
struct PeersListenError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let cause: IOError

    var description: String {
        "Cannot listen for peers on \(host):\(port): \(cause). Free the address, or change peers.listen.port."
    }
}
