import Foundation

/// Runs each piece of a task on a thread of its own. Tests talk over blocking sockets; on the shared pool, which has a
/// thread a core, they would keep the router's own tasks from running.
package final class BlockingExecutor: TaskExecutor {
    package static let shared = BlockingExecutor()

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs `body` on such threads. A child task is what gets it there: a caller's executor preference is looked at
    /// only where a task is enqueued, which a plain call does not do.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(executorPreference: shared) { try await body() }
            for try await value in group { return value }
            throw CancellationError()
        }
    }
}
