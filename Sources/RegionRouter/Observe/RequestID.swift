/// The name of one request: in the log line, in an error's body, and for the app.
struct RequestID {
    /// Made by the gateway; 16 hexadecimal digits.
    let value: UInt64
    /// A trusted proxy's own id, as a range of the head; it then counts instead.
    let given: Range<Int>?

    init(value: UInt64) {
        self.value = value
        given = nil
    }

    /// - Parameter given: the value of `X-Request-Id`, to be believed; it counts when it is a plain token.
    init(value: UInt64, given: Range<Int>, in bytes: UnsafeRawBufferPointer) {
        self.value = value
        let isPlain =
            (1...64).contains(given.count) && given.upperBound <= bytes.count
            && bytes[given].allSatisfy {
                HTTPBytes.isDigit($0) || HTTPBytes.lowerCased($0) &- UInt8(ascii: "a") < 26 || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
        self.given = isPlain ? given : nil
    }

    @inline(__always)
    func write(to writer: inout HeadWriter, _ bytes: UnsafeRawBufferPointer) {
        if let given { writer.write(bytes, given) } else { writer.write(hex: value) }
    }

    /// The digits of an id made by the gateway.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
