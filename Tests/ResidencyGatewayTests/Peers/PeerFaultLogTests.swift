import Logging
import RegionRouter
import Synchronization
import Testing

@testable import ResidencyGateway

@Suite("The log of nodes that do not trust each other")
struct PeerFaultLogTests {
    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let metadata = event.metadata ?? [:]
            let line = "\(event.message) \(metadata["peer"] ?? "") \(metadata["unsaid"] ?? "")"
            lines.lines.withLock { $0.append(line) }
        }
    }

    @Test("says each cause at once, and then once in ten seconds with the number of those in between")
    func bounded() {
        let lines = Lines()
        let log = PeerFaultLog(logger: Logger(label: "test") { _ in Handler(lines: lines) })
        let start = ContinuousClock.now
        for number in 0..<100 {
            // Whoever scans comes from many addresses.
            log.note(PeerFault(.noCertificate, address: "10.0.0.\(number)", isCaller: true), now: start)
        }
        log.note(PeerFault(.otherName, address: "us-1.internal:8443", isCaller: false), now: start)
        log.note(PeerFault(.noCertificate, address: "10.0.1.1", isCaller: true), now: start + .seconds(10))
        let found = lines.lines.withLock { $0 }
        #expect(found.count == 3, "\(found)")
        #expect(found.first?.hasPrefix("A caller of the peers' listener was refused: it shows no cert") == true)
        #expect(found.first?.hasSuffix(" 10.0.0.0 0") == true)
        #expect(found.dropFirst().first?.hasSuffix(" us-1.internal:8443 0") == true)
        #expect(found.last?.hasSuffix(" 10.0.1.1 99") == true)
    }
}
