import NIOCore
import TenantDirectory

/// The access log lines of one event loop, gathered and handed to the writer in larger pieces: a system call a line
/// would cost more than the line.
struct AccessLogBuffer {
    private let writer: AccessLogWriter?
    private var bytes: [UInt8] = []
    private static let flushAt = 32 * 1024

    init(writer: AccessLogWriter?) { self.writer = writer }

    /// One JSON object a line; times in microseconds since the first byte of the request.
    mutating func append(_ record: RequestRecord) {
        guard let writer else { return }
        if bytes.isEmpty { bytes.reserveCapacity(Self.flushAt + 1_024) }
        text("{\"event\":\"request\",\"time\":")
        number(writer.wallClockMilliseconds())
        text(",\"requestId\":\"")
        // An id is a token of letters, digits, `-`, `_` and `.`: it needs no escaping.
        if let given = record.givenID { bytes.append(contentsOf: given.utf8) } else { hex(record.id) }
        text("\",\"method\":\"")
        bytes.append(contentsOf: record.method.name.utf8)
        text("\",\"route\":\"")
        bytes.append(contentsOf: record.route.rawValue.utf8)
        if let region = record.region {
            text("\",\"region\":\"")
            bytes.append(contentsOf: region.code.utf8)
        }
        if let tenant = record.tenant {
            text("\",\"tenant\":\"")
            hex(tenant.high)
            hex(tenant.low)
        }
        text("\",\"status\":")
        number(record.status)
        text(",\"requestBytes\":")
        number(record.requestBytes)
        text(",\"responseBytes\":")
        number(record.responseBytes)
        time(",\"identifyMicros\":", record.microseconds(to: record.identifiedAt))
        time(",\"connectMicros\":", record.microseconds(to: record.connectedAt))
        time(",\"firstByteMicros\":", record.microseconds(to: record.firstByteAt))
        time(",\"totalMicros\":", record.microseconds(to: record.endedAt))
        if let error = record.error {
            text(",\"error\":\"")
            bytes.append(contentsOf: error.rawValue.utf8)
            text("\"")
        }
        text("}\n")
        if bytes.count >= Self.flushAt { flush() }
    }

    mutating func flush() {
        guard let writer, !bytes.isEmpty else { return }
        writer.write(bytes)
        bytes = []
    }

    private mutating func text(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func time(_ name: StaticString, _ micros: Int?) {
        guard let micros else { return }
        text(name)
        number(micros)
    }

    private mutating func number(_ value: Int) {
        guard value > 0 else { return bytes.append(UInt8(ascii: "0")) }
        let start = bytes.count
        var rest = value
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    private mutating func hex(_ value: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: (value >> UInt64(shift)) & 15)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
    }
}
