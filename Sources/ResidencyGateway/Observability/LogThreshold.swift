import Logging
import Synchronization

/// The least level that is logged, shared by all copies of a logger, so that it can be changed while the gateway runs.
final class LogThreshold: Sendable {
    private let shared: Mutex<Logger.Level>

    init(_ level: Logger.Level = .info) { shared = Mutex(level) }

    var level: Logger.Level {
        get { shared.withLock { $0 } }
        set { shared.withLock { $0 = newValue } }
    }
}
