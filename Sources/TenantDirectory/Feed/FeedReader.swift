package import Logging
import ServiceLifecycle
import Synchronization

/// Follows the change feed until the process ends: reads it at an interval, ever more rarely while the store is away,
/// and in a hurry while a cutover is at hand.
package final class FeedReader<C: Clock>: Service where C.Duration == Duration {
    private let directory: Directory
    private let interval: Duration
    private let longestInterval: Duration
    private let clock: C
    private let hint: ChangeHint
    private let logger: Logger
    private let reachable = Mutex(true)
    /// Until when it hurries.
    private let hurriedUntil = Mutex<C.Instant?>(nil)
    private static var hurriedInterval: Duration { .milliseconds(20) }

    /// - Parameters:
    ///   - interval: between two reads of the store.
    ///   - longestInterval: between two tries while the store is away.
    ///   - hint: what may tell of changes before the interval is over.
    package init(
        _ directory: Directory, interval: Duration = .milliseconds(500), longestInterval: Duration = .milliseconds(500),
        clock: C = ContinuousClock(), hint: ChangeHint? = nil, logger: Logger
    ) {
        self.directory = directory
        self.interval = interval
        self.longestInterval = longestInterval
        self.clock = clock
        self.hint = hint ?? ChangeHint()
        self.logger = logger
    }

    /// Whether the store answered the last time it was asked.
    package var isReachable: Bool { reachable.withLock { $0 } }

    /// Reads every 20 ms for so long: what comes by the feed alone counts in the pause of a cutover (amendment H25).
    package func hurry(for duration: Duration) {
        let until = clock.now.advanced(by: duration)
        let isNew = hurriedUntil.withLock { hurried in
            defer { hurried = max(hurried ?? until, until) }
            return hurried.map { $0 < clock.now } ?? true
        }
        if isNew { hint.signal() }
    }

    private var isHurried: Bool { hurriedUntil.withLock { hurried in hurried.map { clock.now < $0 } ?? false } }

    package func run() async throws {
        // A read that is under way when the service stops is let go of without harm.
        try? await cancelWhenGracefulShutdown { try await self.follow() }
    }

    private func follow() async throws {
        var wait = interval
        while !Task.isCancelled {
            if await read() {
                wait = interval
                try await hint.wait(atMost: isHurried ? min(wait, Self.hurriedInterval) : wait, clock)
            } else {
                wait = min(wait * 2, longestInterval)
                try await hint.wait(atMost: wait, clock)
            }
        }
    }

    /// - Returns: whether the store answered.
    private func read() async -> Bool {
        do throws(DirectoryError) {
            while try await directory.readFeed(), !Task.isCancelled {}
            if !note(reachable: true) { logger.notice("The directory answers again.") }
            return true
        } catch {
            if note(reachable: false) {
                logger.warning(
                    "The directory does not answer: changes by others are not seen until it does.",
                    metadata: ["error": "\(error)"])
            }
            return false
        }
    }

    /// - Returns: what was noted before.
    private func note(reachable isReachable: Bool) -> Bool {
        reachable.withLock { noted in
            defer { noted = isReachable }
            return noted
        }
    }
}
