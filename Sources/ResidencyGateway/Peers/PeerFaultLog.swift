import Logging
import RegionRouter
import Synchronization

/// Tells the operator why nodes do not trust each other: at once, then at most one line in a while for each cause, for
/// everybody who reaches the peers' listener can bring it about.
final class PeerFaultLog: Sendable {
    private struct Said {
        var at: ContinuousClock.Instant
        /// Faults since then.
        var unsaid = 0
    }

    private static let pause = Duration.seconds(10)
    private let logger: Logger
    /// By what is of a closed set: the cause, for callers; else the address, which is of the configuration.
    private let said = Mutex<[String: Said]>([:])

    init(logger: Logger) { self.logger = logger }

    /// Called on event loops.
    func note(_ fault: PeerFault) { note(fault, now: .now) }

    func note(_ fault: PeerFault, now: ContinuousClock.Instant) {
        let key = fault.isCaller ? fault.reason.rawValue : "to \(fault.address)"
        let unsaid = said.withLock { said -> Int? in
            if let last = said[key], now - last.at < Self.pause {
                said[key]?.unsaid += 1
                return nil
            }
            let unsaid = said[key]?.unsaid ?? 0
            said[key] = Said(at: now)
            return unsaid
        }
        guard let unsaid else { return }
        let what = fault.isCaller ? "A caller of the peers' listener was refused" : "A node could not be called"
        logger.warning(
            "\(what): \(fault.reason.rawValue).",
            metadata: ["peer": "\(fault.address)", "unsaid": "\(unsaid)"])
    }
}
