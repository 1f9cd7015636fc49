/// Strings: UTF-8 checked, escapes resolved in place.
extension JSONScanner {
    /// A string, quotes included in what is passed over.
    /// - Returns: the place of its text.
    func string() throws(JSONFault) -> Range<Int> {
        guard peek() == UInt8(ascii: "\""), position < count else { throw .malformed }
        let start = position + 1
        var index = start
        while true {
            index = endOfPlainText(from: index)
            guard index < count else { throw .malformed }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                move(to: index + 1)
                return start..<index
            }
            if byte == UInt8(ascii: "\\") { return try unescape(from: start, at: index) }
            guard byte >= 0x20 else { throw .malformed }
            index += try characterLength(at: index)
        }
    }

    /// The first byte that is not a plain ASCII character of a string; `count` where there is none.
    private func endOfPlainText(from start: Int) -> Int {
        let end = min(count, bytes.count)
        return bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < end {
                let byte = bytes[index]
                guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { break }
                index += 1
            }
            return index
        }
    }

    /// The rest of a string from its first escape on; what is resolved is written over what was read.
    private func unescape(from start: Int, at escape: Int) throws(JSONFault) -> Range<Int> {
        var read = escape
        var write = escape
        while read < count {
            let byte = bytes[read]
            if byte == UInt8(ascii: "\"") {
                move(to: read + 1)
                return start..<write
            }
            guard byte >= 0x20 else { throw .malformed }
            if byte == UInt8(ascii: "\\") {
                let scalar = try escapedScalar(&read)
                for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    bytes[write] = unit
                    write += 1
                }
                continue
            }
            let length = byte < 0x80 ? 1 : try characterLength(at: read)
            for _ in 0..<length {
                bytes[write] = bytes[read]
                write += 1
                read += 1
            }
        }
        throw .malformed
    }

    /// The character an escape stands for; `read` goes behind it.
    private func escapedScalar(_ read: inout Int) throws(JSONFault) -> Unicode.Scalar {
        guard read + 1 < count else { throw .malformed }
        let letter = bytes[read + 1]
        guard letter == UInt8(ascii: "u") else {
            read += 2
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{c}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            default: throw .malformed
            }
        }
        let unit = try hexadecimal(at: read + 2)
        read += 6
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // The first half of a pair, or a half alone, which no UTF-8 can hold.
        guard unit < 0xDC00, read + 1 < count, bytes[read] == UInt8(ascii: "\\"), bytes[read + 1] == UInt8(ascii: "u")
        else { throw .invalidUTF8 }
        let second = try hexadecimal(at: read + 2)
        read += 6
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw .invalidUTF8 }
        return scalar
    }

    private func hexadecimal(at index: Int) throws(JSONFault) -> UInt16 {
        guard index + 4 <= count else { throw .malformed }
        var value: UInt16 = 0
        for place in index..<index + 4 {
            guard let digit = bytes[place].hexadecimalDigit else { throw .malformed }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// The length of a character of two to four bytes (Unicode table 3-7: no overlong form, no surrogate).
    private func characterLength(at index: Int) throws(JSONFault) -> Int {
        let first = bytes[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .invalidUTF8
        }
        guard index + length <= count, second.contains(bytes[index + 1]) else { throw .invalidUTF8 }
        for place in index + 2..<index + length where !(0x80...0xBF).contains(bytes[place]) { throw .invalidUTF8 }
        return length
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit of either case.
    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
