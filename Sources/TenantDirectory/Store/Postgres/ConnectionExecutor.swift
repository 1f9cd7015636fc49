import Dispatch

/// Runs a connection's work on a queue of its own, where it may wait for the server: the pool of threads that runs
/// async functions never does.
final class ConnectionExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "directory.connection")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
