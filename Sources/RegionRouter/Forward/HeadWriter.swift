import NIOCore

/// Writes a head into a buffer whose room was measured beforehand, piece by piece. Each piece is checked against the
/// room that is left; one that does not fit is a fault of the measuring, and leaves the head unwritten.
struct HeadWriter {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var overflowed = false

    init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        guard count + bytes.count <= room.count, let target = room.baseAddress else {
            overflowed = true
            return
        }
        (target + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count, !range.isEmpty else { return }
        write(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    @inline(__always)
    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func write(text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    mutating func write(byte: UInt8) {
        guard count < room.count else {
            overflowed = true
            return
        }
        room[count] = byte
        count += 1
    }

    /// The lines from `start` to the empty line at `end`, but for those in `dropped` (in order, with their CRLF).
    @inline(__always)
    mutating func writeLines(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, without dropped: [Range<Int>]
    ) {
        var position = start
        for line in dropped {
            write(bytes, position..<max(position, line.lowerBound))
            position = line.upperBound
        }
        // `end` is behind the empty line's CRLF, which the caller writes after its own lines.
        write(bytes, position..<max(position, end - 2))
    }

    mutating func write(decimal value: Int) {
        guard value > 0 else { return write(byte: UInt8(ascii: "0")) }
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var rest = value
            var start = 20
            while rest > 0 {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            write(UnsafeRawBufferPointer(rebasing: digits[start..<20]))
        }
    }

    /// Sixteen lower-case digits.
    mutating func write(hex value: UInt64) {
        guard count + 16 <= room.count else {
            overflowed = true
            return
        }
        room.storeBytes(of: Self.digits(value >> 32).bigEndian, toByteOffset: count, as: UInt64.self)
        room.storeBytes(of: Self.digits(value & 0xFFFF_FFFF).bigEndian, toByteOffset: count + 8, as: UInt64.self)
        count += 16
    }

    /// The eight digits of 32 bits, all at once: each half byte gets a byte of its own, then becomes its letter.
    @inline(__always)
    private static func digits(_ value: UInt64) -> UInt64 {
        var digits = (value & 0xFFFF_0000) << 16 | value & 0xFFFF
        digits = (digits & 0x0000_FF00_0000_FF00) << 8 | digits & 0x0000_00FF_0000_00FF
        digits = (digits & 0x00F0_00F0_00F0_00F0) << 4 | digits & 0x000F_000F_000F_000F
        let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits + 0x3030_3030_3030_3030 + letters * UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }
}

extension ByteBuffer {
    /// Lets `body` write a head of at most `room` bytes.
    /// - Returns: whether it fitted; where it did not, the buffer is as it was.
    mutating func writeHead(room: Int, _ body: (inout HeadWriter) -> Void) -> Bool {
        var fitted = true
        writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            var writer = HeadWriter(memory)
            body(&writer)
            fitted = !writer.overflowed
            return fitted ? writer.count : 0
        }
        return fitted
    }
}
