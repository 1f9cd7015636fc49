import NIOCore
import TenantDirectory

/// The access log lines of one event loop, gathered and handed to the writer in larger pieces: a system call a line
/// would cost more than the line.
struct AccessLogBuffer {
    private let writer: AccessLogWriter?
    private var bytes: [UInt8] = []
    private static let flushAt = 32 * 1024

    init(writer: AccessLogWriter?) { self.writer = writer }

    /// Whether there is a writer: without one what is appended is dropped.
    var isWriting: Bool { writer != nil }

    /// Room for any line: its parts are numbers and words of closed sets, and an id of at most 64 characters.
    private static let lineRoom = 768

    /// One JSON object a line; times in microseconds since the first byte of the request.
    mutating func append(_ record: RequestRecord) {
        guard let writer else { return }
        if bytes.isEmpty { bytes.reserveCapacity(Self.flushAt + 1_024) }
        withUnsafeTemporaryAllocation(byteCount: Self.lineRoom, alignment: 1) { room in
            var line = HeadWriter(room)
            Self.write(record, at: writer.wallClockMilliseconds(), to: &line)
            guard !line.overflowed else { return }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<line.count]))
        }
        if bytes.count >= Self.flushAt { flush() }
    }

    private static func write(_ record: RequestRecord, at time: Int, to line: inout HeadWriter) {
        line.write("{\"event\":\"request\",\"time\":")
        line.write(decimal: time)
        line.write(",\"requestId\":\"")
        // An id is a token of letters, digits, `-`, `_` and `.`: it needs no escaping.
        if let given = record.givenID { line.write(text: given) } else { line.write(hex: record.id) }
        line.write("\",\"method\":\"")
        line.write(text: record.method.name)
        line.write("\",\"route\":\"")
        line.write(text: record.route.rawValue)
        if let region = record.region {
            line.write("\",\"region\":\"")
            line.write(text: region.code)
        }
        if let tenant = record.tenant {
            line.write("\",\"tenant\":\"")
            line.write(hex: tenant.high)
            line.write(hex: tenant.low)
        }
        line.write("\",\"status\":")
        line.write(decimal: record.status)
        line.write(",\"requestBytes\":")
        line.write(decimal: record.requestBytes)
        line.write(",\"responseBytes\":")
        line.write(decimal: record.responseBytes)
        write(",\"identifyMicros\":", record.microseconds(to: record.identifiedAt), to: &line)
        write(",\"connectMicros\":", record.microseconds(to: record.connectedAt), to: &line)
        write(",\"firstByteMicros\":", record.microseconds(to: record.firstByteAt), to: &line)
        write(",\"totalMicros\":", record.microseconds(to: record.endedAt), to: &line)
        if let error = record.error {
            line.write(",\"error\":\"")
            line.write(text: error.rawValue)
            line.write("\"")
        }
        line.write("}\n")
    }

    private static func write(_ name: StaticString, _ micros: Int?, to line: inout HeadWriter) {
        guard let micros else { return }
        line.write(name)
        line.write(decimal: micros)
    }

    mutating func flush() {
        guard let writer, !bytes.isEmpty else { return }
        writer.write(bytes)
        bytes = []
    }
}
