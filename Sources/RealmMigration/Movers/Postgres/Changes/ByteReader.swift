/// Reads a message of PostgreSQL's from its beginning; never past its end.
struct ByteReader {
    private let bytes: [UInt8]
    private var next: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        next = 0
    }

    var isAtEnd: Bool { next >= bytes.count }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(MigrationError) -> Value {
        let size = MemoryLayout<Value>.size
        guard bytes.count - next >= size else { throw Self.short }
        var value: Value = 0
        for byte in bytes[next..<(next + size)] { value = value << 8 | Value(truncatingIfNeeded: byte) }
        next += size
        return value
    }

    /// A text that ends with a zero.
    mutating func string() throws(MigrationError) -> String {
        guard let end = bytes[next...].firstIndex(of: 0) else { throw Self.short }
        let text = String(decoding: bytes[next..<end], as: UTF8.self)
        next = end + 1
        return text
    }

    mutating func take(_ count: Int) throws(MigrationError) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.count - next >= count else { throw Self.short }
        defer { next += count }
        return bytes[next..<(next + count)]
    }

    private static var short: MigrationError {
        MigrationError(.badAnswer, "A message of the replication stream ends too early.")
    }
}
