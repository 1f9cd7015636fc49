import Foundation

/// Runs each piece of a task on a thread of its own. Tests talk over blocking sockets; on the shared pool, which has a
/// thread a core, they would keep the router's own tasks from running.
package final class BlockingExecutor: TaskExecutor {
    package static let shared = BlockingExecutor()

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
