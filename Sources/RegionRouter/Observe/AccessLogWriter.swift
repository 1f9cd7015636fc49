import Dispatch
import Glibc
import Synchronization

/// Writes the access log to a file descriptor, from a queue of its own, so that a slow reader of the log stops no event
/// loop. What waits is bounded: past the bound lines are dropped and counted.
package final class AccessLogWriter: Sendable {
    private let queue = DispatchQueue(label: "access-log")
    private let descriptor: Int32
    private let waitingBytes = Atomic<Int>(0)
    private let droppedPieces = Atomic<Int>(0)
    private static let maxWaitingBytes = 8 * 1024 * 1024

    /// - Parameter descriptor: where the lines go; standard error in `serve`.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Pieces dropped because the log's reader is too slow.
    package var dropped: Int { droppedPieces.load(ordering: .relaxed) }

    func wallClockMilliseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        return now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
    }

    /// Hands over whole lines. Past what may wait they are dropped.
    package func write(_ bytes: [UInt8]) {
        guard waitingBytes.add(bytes.count, ordering: .relaxed).newValue <= Self.maxWaitingBytes else {
            waitingBytes.subtract(bytes.count, ordering: .relaxed)
            droppedPieces.add(1, ordering: .relaxed)
            return
        }
        queue.async { [self] in
            writeAll(bytes)
            waitingBytes.subtract(bytes.count, ordering: .relaxed)
        }
    }

    /// Returns when all that was handed over has been written.
    package func drain() { queue.sync {} }

    private func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count, let base = raw.baseAddress {
                let written = Glibc.write(descriptor, base + offset, raw.count - offset)
                if written > 0 { offset += written } else if errno != EINTR { return }
            }
        }
    }
}
