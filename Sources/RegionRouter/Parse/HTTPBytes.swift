import Glibc

/// The byte classes and comparisons that the scanners share. Texts to compare with are `StaticString`s in lower case.
enum HTTPBytes {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let colon = UInt8(ascii: ":")
    static let slash = UInt8(ascii: "/")

    /// RFC 9110 §5.6.2: the characters of a token, as a bit a byte value.
    private static let tokenBits: (UInt64, UInt64) = {
        var low: UInt64 = 0
        var high: UInt64 = 0
        let characters: StaticString = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for index in 0..<characters.utf8CodeUnitCount {
            let byte = characters.utf8Start[index]
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
        return (low, high)
    }()

    /// The classes in a form that a loop can hold in registers.
    struct TokenClass {
        private let low: UInt64
        private let high: UInt64

        init() { (low, high) = HTTPBytes.tokenBits }

        @inline(__always)
        func contains(_ byte: UInt8) -> Bool {
            if byte < 64 { return low & (1 << UInt64(byte)) != 0 }
            if byte < 128 { return high & (1 << UInt64(byte - 64)) != 0 }
            return false
        }
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inline(__always)
    static func lowerCased(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

    /// The value of a hexadecimal digit; 255 for any other byte.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: 255
        }
    }

    /// Whether the bytes at `range` are `text`, letters of either case taken as equal.
    @inline(__always)
    static func matches(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count == count, range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        let expected = text.utf8Start
        for index in 0..<count where lowerCased(bytes[range.lowerBound &+ index]) != expected[index] { return false }
        return true
    }

    /// Whether the bytes at `range` are `text`, case and all.
    @inline(__always)
    static func equals(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= bytes.count,
            let base = bytes.baseAddress
        else { return false }
        return memcmp(base + range.lowerBound, text.utf8Start, range.count) == 0
    }

    @inline(__always)
    static func equals(_ bytes: UnsafeRawBufferPointer, _ other: [UInt8]) -> Bool {
        other.withUnsafeBytes { equals(bytes, $0) }
    }

    @inline(__always)
    static func equals(_ bytes: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == other.count else { return false }
        guard let base = bytes.baseAddress, let otherBase = other.baseAddress else { return true }
        return memcmp(base, otherBase, bytes.count) == 0
    }

    /// Whether the bytes at `range` begin with `text`, letters of either case taken as equal.
    @inline(__always)
    static func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count >= count else { return false }
        return matches(bytes, range.lowerBound..<range.lowerBound + count, text)
    }

    /// Whether the name at `range` begins with `text`, as an app may read it: those behind CGI's rules (WSGI, PHP,
    /// Rack) see `X_Residency_Tenant` and `X-Residency-Tenant` under one name.
    static func isOfFamily(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count >= count, range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        for index in 0..<count {
            let byte = lowerCased(bytes[range.lowerBound + index])
            guard (byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte) == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// The first place in `range` of a byte that no request target holds: a space, a control byte, `#`, DEL or a byte
    /// that is not ASCII; its end where there is none. Sixteen at a time: targets are the longest part of a head.
    @inline(__always)
    static func endOfTarget(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return range.lowerBound }
        var index = range.lowerBound
        let space = SIMD16<UInt8>(repeating: space)
        let delete = SIMD16<UInt8>(repeating: 0x7F)
        let hash = SIMD16<UInt8>(repeating: UInt8(ascii: "#"))
        while index + 16 <= range.upperBound {
            let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            if any((block .<= space) .| (block .>= delete) .| (block .== hash)) { break }
            index += 16
        }
        while index < range.upperBound {
            let byte = bytes[index]
            if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") { return index }
            index += 1
        }
        return index
    }

    /// `range` without the spaces and tabs at its ends.
    @inline(__always)
    static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == space || bytes[start] == tab { start += 1 }
        while end > start, bytes[end - 1] == space || bytes[end - 1] == tab { end -= 1 }
        return start..<end
    }

    /// Calls `body` with each member of a comma-separated list, trimmed; empty members are passed over (RFC 9110
    /// §5.6.1).
    static func forEachMember(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ body: (Range<Int>) throws(RouterError) -> Void
    ) throws(RouterError) {
        var start = range.lowerBound
        while start <= range.upperBound {
            var end = start
            while end < range.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            let member = trimmed(bytes, start..<end)
            if !member.isEmpty { try body(member) }
            start = end + 1
        }
    }

    /// The bytes at `range` as text; bytes that are not UTF-8 are replaced.
    static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return "" }
        return String(decoding: bytes[range], as: UTF8.self)
    }
}
