/// A clock whose sleeps end when the test says so, and that tells how long each was to be.
package final class StepClock: Clock, Sendable {
    package typealias Instant = ContinuousClock.Instant
    package typealias Sleep = (duration: Duration, continuation: CheckedContinuation<Void, Never>)

    private let continuation: AsyncStream<Sleep>.Continuation
    private let sleeps: AsyncStream<Sleep>
    private let start = ContinuousClock.now

    package init() { (sleeps, continuation) = AsyncStream.makeStream() }

    package var now: Instant { start }
    package var minimumResolution: Duration { .zero }

    /// The next sleep that begins.
    package func nextSleep() async -> Sleep? {
        var iterator = sleeps.makeAsyncIterator()
        return await iterator.next()
    }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        await withCheckedContinuation { _ = continuation.yield((deadline - start, $0)) }
    }
}
