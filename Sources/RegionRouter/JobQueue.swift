import Synchronization

/// The way from an event loop to work that waits: look-ups, keys, the gateway's own endpoints. Each job is a child of
/// one task group, so that none outlives the router; their number is bounded.
package final class JobQueue: Sendable {
    package typealias Job = @Sendable () async -> Void

    private let stream: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation
    private let underWay = Atomic<Int>(0)
    private let limit: Int

    package init(limit: Int) {
        self.limit = limit
        (stream, continuation) = AsyncStream.makeStream(of: Job.self, bufferingPolicy: .bufferingOldest(limit))
    }

    /// - Returns: `false` when the bound is reached, or the router has ended: the job will not run.
    package func submit(_ job: @escaping Job) -> Bool {
        guard underWay.add(1, ordering: .relaxed).newValue <= limit else {
            underWay.subtract(1, ordering: .relaxed)
            return false
        }
        guard case .enqueued = continuation.yield(job) else {
            underWay.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Runs the jobs until ``finish()``; then waits for those under way.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in stream {
                group.addTask {
                    await job()
                    self.underWay.subtract(1, ordering: .relaxed)
                }
            }
        }
    }

    package func finish() { continuation.finish() }
}
