import NIOCore
import NIOPosix
import Synchronization

/// Looks after the servers that requests are sent to, beside the requests: asks app instances whether they are well,
/// looks host names up again, and brings back what has been out for long enough.
struct UpstreamWatch: Sendable {
    let group: MultiThreadedEventLoopGroup
    /// What is in force.
    let shared: @Sendable () -> RouterShared

    private var sets: [UpstreamSet] { shared().upstreamSets }
    private var settings: UpstreamSettings { shared().configuration.upstreams }

    /// Looks until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await repeating({ $0.lookupInterval }) { await lookUpAll() } }
            if settings.checkInterval != nil {
                tasks.addTask { await repeating({ $0.checkInterval }) { await checkAll() } }
            }
        }
    }

    /// - Parameter interval: between two times; `nil` ends it.
    private func repeating(
        _ interval: @Sendable (UpstreamSettings) -> Duration?, _ work: @Sendable () async -> Void
    ) async {
        while !Task.isCancelled {
            await work()
            guard let pause = interval(settings) else { return }
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    // MARK: Names

    /// One after the other: the thread that asks can wait for one name at a time.
    private func lookUpAll() async {
        for server in sets.flatMap(\.servers) where !server.isAddress {
            let addresses = await NameLookup.addresses(of: server.address.host, port: server.address.port)
            server.resolved(to: addresses)
        }
    }

    // MARK: Health

    /// Peers are judged by the calls they take; app instances are asked.
    private func checkAll() async {
        await withTaskGroup(of: Void.self) { tasks in
            for set in sets {
                guard set.kind == .app else {
                    set.tick(now: .now())
                    continue
                }
                for index in set.servers.indices {
                    tasks.addTask { await check(set, index) }
                }
            }
        }
    }

    private func check(_ set: UpstreamSet, _ index: Int) async {
        let server = set.servers[index]
        let isWell = await HealthProbe.ask(
            server, context: shared().certificates.context(for: server), path: settings.checkPath,
            timeout: settings.checkTimeout, on: group)
        server.lastCheck.store(isWell ? 1 : 2, ordering: .relaxed)
        set.checked(index, isWell: isWell, now: .now())
    }
}
