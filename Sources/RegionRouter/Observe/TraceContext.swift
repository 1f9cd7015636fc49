/// The `traceparent` of a request (W3C Trace Context §3.2): kept where it is well formed, else made.
struct TraceContext {
    private let given: Range<Int>?
    private let made: (UInt64, UInt64, UInt64)

    init(given: Range<Int>, in bytes: UnsafeRawBufferPointer, random: inout RandomBits) {
        if Self.isWellFormed(bytes, given) {
            self.given = given
            made = (0, 0, 0)
        } else {
            self.given = nil
            // An id of zeros is not valid.
            made = (random.next() | 1, random.next(), random.next() | 1)
        }
    }

    @inline(__always)
    func write(to writer: inout HeadWriter, _ bytes: UnsafeRawBufferPointer) {
        if let given { return writer.write(bytes, given) }
        writer.write("00-")
        writer.write(hex: made.0)
        writer.write(hex: made.1)
        writer.write("-")
        writer.write(hex: made.2)
        // Not sampled: who made the trace does not record it.
        writer.write("-00")
    }

    /// Version 00 exactly, or a later one that begins like it; ids not all zero; lower-case digits.
    static func isWellFormed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard range.count >= 55, range.count <= 128, range.upperBound <= bytes.count else { return false }
        let value = UnsafeRawBufferPointer(rebasing: bytes[range])
        func isHex(_ range: Range<Int>) -> Bool {
            value[range].allSatisfy { HTTPBytes.isDigit($0) || $0 &- UInt8(ascii: "a") < 6 }
        }
        let dash = UInt8(ascii: "-")
        guard isHex(0..<2), value[2] == dash, isHex(3..<35), value[35] == dash, isHex(36..<52), value[52] == dash,
            isHex(53..<55)
        else { return false }
        let isVersionZero = value[0] == UInt8(ascii: "0") && value[1] == UInt8(ascii: "0")
        guard isVersionZero ? value.count == 55 : value.count == 55 || value[55] == dash,
            !(value[0] == UInt8(ascii: "f") && value[1] == UInt8(ascii: "f"))
        else { return false }
        let zero = UInt8(ascii: "0")
        return value[3..<35].contains { $0 != zero } && value[36..<52].contains { $0 != zero }
    }
}
