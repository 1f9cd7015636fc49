package import Foundation
import Synchronization

/// A wall clock that a test moves.
package final class ManualDate: Sendable {
    private let milliseconds = Mutex(1_700_000_000_000)

    package init() {}

    package var now: Date { Date(timeIntervalSince1970: Double(milliseconds.withLock { $0 }) / 1000) }

    package func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        milliseconds.withLock { $0 += Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000) }
    }
}
