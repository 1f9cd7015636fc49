import RegionRouter
import ServiceLifecycle
import TenantDirectory

/// Looks at directory and app instances now and then, so that `/readyz` answers from memory however often it is asked.
struct HealthMonitor: Service {
    let health: Health
    /// What the router knows of app instances and peers.
    let upstreams: @Sendable () -> [UpstreamStatus]
    /// Reads something small from the directory.
    let readDirectory: @Sendable () async throws(DirectoryError) -> Void
    /// What else there is to say.
    var readOthers: @Sendable () async -> [Health.Part: Health.Condition] = { [:] }
    var interval = Duration.seconds(1)
    /// Intervals between two looks at the directory.
    var directoryEvery = 5

    /// Looks until the service is told to stop.
    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                for count in 0... {
                    if count % directoryEvery == 0 {
                        await lookAtDirectory()
                        for (part, condition) in await readOthers() { health.set(part, condition) }
                    }
                    lookAtInstances()
                    try await Task.sleep(for: interval)
                }
            }
        } catch is CancellationError {
            // Being told to stop is no failure: the sleep that is cut short must not end the whole gateway with one.
        }
    }

    /// Looks at the directory once.
    func lookAtDirectory() async {
        do throws(DirectoryError) {
            try await readDirectory()
            health.set(.directory, .fine)
        } catch {
            health.set(.directory, .failing(error.message))
        }
    }

    /// A region is well while one of its app instances is; those that are not are named.
    func lookAtInstances() {
        for (region, statuses) in Dictionary(grouping: upstreams().filter { !$0.isPeer }, by: \.region) {
            // Nothing has been heard yet.
            guard statuses.contains(where: { $0.isWell != nil }) else { continue }
            let unwell = statuses.filter { $0.isWell == false }.map(\.authority).joined(separator: ", ")
            let out = statuses.filter { $0.isOut && $0.isWell != false }.map(\.authority).joined(separator: ", ")
            if statuses.allSatisfy({ $0.isWell == false }) {
                health.set(
                    .instance(region), .failing("\(unwell) takes no connection, or fails its check; start the app"))
            } else if unwell.isEmpty, out.isEmpty {
                health.set(.instance(region), .fine)
            } else {
                let reasons = [
                    unwell.isEmpty ? nil : "\(unwell) takes no connection, or fails its check",
                    out.isEmpty ? nil : "\(out) has failed requests and is passed over",
                ]
                health.set(.instance(region), .impaired(reasons.compactMap { $0 }.joined(separator: "; ")))
            }
        }
    }
}
