import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TenantDirectory

/// Takes another configuration while the gateway serves: when it is asked to, or when the content of a file has
/// changed.
///
/// 1. Whole or not at all: where anything of it is wrong, all complaints are logged and what was in force stays.
/// 2. Keys that need a restart keep their values, and are named.
/// 3. One at a time; of requests that come meanwhile one is kept.
final class Reloader: Service {
    /// What came of a reload.
    enum Outcome: String, Sendable {
        case reloaded
        case refused = "reload-refused"
    }

    private let read: @Sendable () throws(Complaints) -> LoadedConfiguration
    private let apply: @Sendable (GatewayConfiguration) async throws -> @Sendable () async -> Void
    private let told: @Sendable (Outcome) -> Void
    private let current: Mutex<GatewayConfiguration>
    private let logger: Logger
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - current: what is in force.
    ///   - read: reads the configuration anew.
    ///   - apply: puts one in force, or throws and leaves everything as it was; gives what is to be done afterwards,
    ///     when requests under way are done.
    ///   - told: hears what came of each reload.
    init(
        current: GatewayConfiguration, logger: Logger,
        read: @escaping @Sendable () throws(Complaints) -> LoadedConfiguration,
        apply: @escaping @Sendable (GatewayConfiguration) async throws -> @Sendable () async -> Void,
        told: @escaping @Sendable (Outcome) -> Void
    ) {
        self.current = Mutex(current)
        self.logger = logger
        self.read = read
        self.apply = apply
        self.told = told
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for a reload.
    func reload() { request.yield() }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask { await self.watch() }
                for await _ in self.requests {
                    let (outcome, rest) = await self.reloadOnce()
                    self.told(outcome)
                    tasks.addTask { await rest() }
                }
                tasks.cancelAll()
            }
        }
    }

    /// Reads what there is now, and puts it in force.
    private func reloadOnce() async -> (Outcome, rest: @Sendable () async -> Void) {
        do {
            let loaded = try read()
            for warning in loaded.warnings { logger.warning("\(warning)") }
            let plan = ReloadPlan(from: current.withLock { $0 }, to: loaded.configuration)
            // The declaration is read again whether or not a key has changed.
            let rest = try await apply(plan.configuration)
            current.withLock { $0 = plan.configuration }
            if !plan.deferred.isEmpty {
                logger.warning(
                    "Keys of the configuration have changed that take effect at the next start: restart the node.",
                    metadata: ["keys": .array(plan.deferred.map { .string($0) })])
            }
            logger.notice(
                "The configuration was read again and is in force.",
                metadata: ["changed": .array(plan.taken.map { .string($0) })])
            return (.reloaded, rest)
        } catch {
            logger.error(
                "The configuration was read again and refused: what was in force stays. Correct it.",
                metadata: ["complaints": .array(Self.sentences(error).map { .string($0) })])
            return (.refused, {})
        }
    }

    private static func sentences(_ error: any Error) -> [String] {
        guard let complaints = error as? Complaints else { return ["\(error)"] }
        return complaints.list.map(\.description)
    }

    // MARK: Watching

    /// Looks at the files now and then. A file that is being written is left alone until it stays as it is.
    private func watch() async {
        let interval = current.withLock { $0.reload.interval }
        guard interval > .zero else { return }
        var (taken, last) = (digest(), digest())
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            let now = digest()
            if now == last, now != taken {
                taken = now
                reload()
            }
            last = now
        }
    }

    /// Of what the files hold, whatever their times say: a mounted file may be replaced by one that is older.
    private func digest() -> [UInt8] {
        let configuration = current.withLock { $0 }
        let paths = [configuration.file, configuration.app.declaration].compactMap(\.self)
        var bytes: [UInt8] = []
        for path in paths {
            bytes += SHA256.digest(of: FileManager.default.contents(atPath: path).map(Array.init) ?? [])
        }
        return bytes
    }
}
