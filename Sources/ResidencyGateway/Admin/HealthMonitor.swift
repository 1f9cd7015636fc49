import NIOCore
import NIOPosix
import RegionRouter
import ServiceLifecycle
import TenantDirectory

/// Looks at directory and app instances now and then, so that `/readyz` answers from memory however often it is asked.
struct HealthMonitor: Service {
    let health: Health
    /// Those of the configuration in force.
    let instances: @Sendable () -> [Region: UpstreamAddress]
    /// Reads something small from the directory.
    let readDirectory: @Sendable () async throws(DirectoryError) -> Void
    /// What else there is to say.
    var readOthers: @Sendable () async -> [Health.Part: Health.Condition] = { [:] }
    var interval = Duration.seconds(5)
    /// How long connecting to an app instance may take.
    var connectTimeout = Duration.seconds(2)

    /// Looks until the service is told to stop.
    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await cancelWhenGracefulShutdown {
                while !Task.isCancelled {
                    await look(on: group)
                    try await Task.sleep(for: interval)
                }
            }
        } catch is CancellationError {
            // Being told to stop is no failure: the sleep that is cut short must not end the whole gateway with one.
        }
        try await group.shutdownGracefully()
    }

    /// Looks at everything once.
    func look(on group: any EventLoopGroup) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await lookAtDirectory() }
            tasks.addTask { for (part, condition) in await readOthers() { health.set(part, condition) } }
            for (region, address) in instances() {
                tasks.addTask { await look(at: region, address, on: group) }
            }
        }
    }

    private func lookAtDirectory() async {
        do throws(DirectoryError) {
            try await readDirectory()
            health.set(.directory, .fine)
        } catch {
            health.set(.directory, .failing(error.message))
        }
    }

    private func look(at region: Region, _ address: UpstreamAddress, on group: any EventLoopGroup) async {
        do {
            let channel = try await ClientBootstrap(group: group)
                .connectTimeout(TimeAmount(connectTimeout))
                .connect(host: address.host, port: address.port).get()
            try? await channel.close()
            health.set(.instance(region), .fine)
        } catch {
            health.set(.instance(region), .failing("\(address.authority) takes no connection; start the app"))
        }
    }
}
