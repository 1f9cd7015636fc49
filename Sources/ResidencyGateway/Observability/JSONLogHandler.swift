import Foundation
import Logging
import RegionRouter

/// Log messages as one JSON object a line, through the same writer as the access log: lines of both come whole and in
/// order, and a slow reader of the log stops nothing.
struct JSONLogHandler: LogHandler {
    private let writer: AccessLogWriter
    private let label: String
    private let now: @Sendable () -> Int
    private let threshold: LogThreshold
    var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }
    var metadata: Logger.Metadata = [:]

    /// - Parameters:
    ///   - threshold: what is logged by all handlers that share it.
    ///   - now: milliseconds since 1970.
    init(
        label: String, writer: AccessLogWriter, threshold: LogThreshold = LogThreshold(),
        now: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970 * 1_000) }
    ) {
        self.label = label
        self.writer = writer
        self.threshold = threshold
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        writer.write(line(event.level, "\(event.message)", event.metadata ?? [:]))
    }

    /// What is written; the message's own members never replace those of every line.
    func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> [UInt8] {
        var members = self.metadata.merging(metadata) { $1 }.mapValues { JSONValue($0) }
        members["event"] = "log"
        members["time"] = .number(now())
        members["level"] = .text(level.rawValue)
        members["message"] = .text(message)
        return JSONValue.object(members).bytes + [UInt8(ascii: "\n")]
    }
}

extension JSONValue {
    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .text(text)
        case .stringConvertible(let value): self = .text("\(value)")
        case .array(let values): self = .array(values.map { JSONValue($0) })
        case .dictionary(let values): self = .object(values.mapValues { JSONValue($0) })
        }
    }
}
