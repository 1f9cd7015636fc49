import Glibc
import Logging
import RegionRouter
import ServiceLifecycle

/// Looks at the files of certificates now and then, and when told to: what has changed is for later handshakes, and
/// what cannot be used is reported and not taken.
struct CertificateWatcher: Service {
    /// Files that are renewed together.
    struct Watched: Sendable {
        /// The section of the configuration that names them.
        let key: String
        /// Reads them where they have changed, or in any case.
        let renew: @Sendable (_ always: Bool) -> Renewal
        /// When the first of them runs out, in seconds since 1970, and which it is; `nil` where none does.
        let expiry: @Sendable () -> (time: Int64, file: String)?
    }

    /// A certificate that is not renewed by then is likely to be forgotten.
    private static let warningTime = 14 * 86_400 as Int64

    let watched: [Watched]
    let interval: Duration
    let logger: Logger

    /// Looks until the service is told to stop.
    func run() async throws {
        warnOfExpiry()
        do {
            try await cancelWhenGracefulShutdown {
                var looks = 0
                while !Task.isCancelled {
                    try await Task.sleep(for: interval)
                    look()
                    looks += 1
                    // Once a day.
                    if Duration.seconds(86_400) <= interval * looks {
                        looks = 0
                        warnOfExpiry()
                    }
                }
            }
        } catch is CancellationError {
            // Being told to stop is no failure.
        }
    }

    /// Looks at all files once.
    /// - Parameter always: reads those as well that have not changed.
    /// - Returns: what could not be used: sentences, with the section of the configuration.
    @discardableResult
    func look(always: Bool = false) -> [String] {
        var refused: [String] = []
        for item in watched {
            switch item.renew(always) {
            case .unchanged: break
            case .renewed:
                logger.notice(
                    "Certificates were read again; later connections get them.", metadata: ["key": "\(item.key)"])
            case .refused(let faults):
                refused.append("\(item.key): \(faults)")
                logger.error(
                    "Certificates have changed and cannot be used; the old ones stay.",
                    metadata: ["key": "\(item.key)", "faults": "\(faults)"])
            }
        }
        return refused
    }

    private func warnOfExpiry() {
        let now = Int64(time(nil))
        for item in watched {
            guard let expiry = item.expiry(), expiry.time - now < Self.warningTime else { continue }
            logger.warning(
                "A certificate runs out soon. Put a new one and its key in its place.",
                metadata: ["key": "\(item.key)", "file": "\(expiry.file)", "expires": "\(UTCTime.text(expiry.time))"])
        }
    }
}
