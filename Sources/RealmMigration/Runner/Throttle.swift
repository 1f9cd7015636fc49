import Synchronization

/// Keeps a copy to so many bytes a second: whoever has moved some waits until they are due.
final class Throttle: Sendable {
    private let bytesPerSecond: Int
    private let due = Mutex(ContinuousClock.now)

    /// - Parameter bytesPerSecond: 0 for no bound.
    init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

    /// When the next bytes are due, once these have been moved; what was not used is not kept.
    func take(_ bytes: Int, now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard bytesPerSecond > 0 else { return now }
        return due.withLock { due in
            due = max(due, now) + .seconds(1) * bytes / bytesPerSecond
            return due
        }
    }

    func pass(_ bytes: Int) async throws {
        let instant = take(bytes, now: .now)
        if instant > .now { try await Task.sleep(until: instant) }
    }
}

extension Duration {
    fileprivate static func * (left: Duration, right: Int) -> Duration { left * Double(right) }
}
