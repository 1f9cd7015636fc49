/// Percent-encoded text, compared by what it stands for.
enum EncodedText {
    /// Negative, 0 or positive: the order of the decoded texts by UTF-16 code unit, as Java and JavaScript compare.
    ///
    /// Both places must hold well-formed encodings: unreserved characters, and `%` with two digits behind it.
    static func compare(_ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>) -> Int {
        var (leftIndex, rightIndex) = (left.lowerBound, right.lowerBound)
        while leftIndex < left.upperBound, rightIndex < right.upperBound {
            let leftByte = decoded(bytes, &leftIndex, left.upperBound)
            let rightByte = decoded(bytes, &rightIndex, right.upperBound)
            if leftByte != rightByte { return Int(weight(leftByte)) - Int(weight(rightByte)) }
        }
        return (left.upperBound - leftIndex) - (right.upperBound - rightIndex)
    }

    private static func decoded(_ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int) -> UInt8 {
        let byte = bytes[index]
        index += 1
        guard byte == UInt8(ascii: "%"), index + 1 < end, let high = bytes[index].hexadecimalDigit,
            let low = bytes[index + 1].hexadecimalDigit
        else { return byte }
        index += 2
        return high << 4 | low
    }

    /// UTF-8 orders by code point; in UTF-16 the characters of four bytes (surrogates, from D800) come before those
    /// from E000 on (lead bytes EE and EF).
    private static func weight(_ byte: UInt8) -> UInt16 {
        byte == 0xEE || byte == 0xEF ? UInt16(byte) + 0x100 : UInt16(byte)
    }

    /// Decodes `%` with two digits, and `+` where it stands for a space; anything else is itself.
    static func decode(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = decoded(bytes, &index, bytes.count)
            let isPlus = byte == UInt8(ascii: "+") && bytes[index - 1] == byte
            result.append(isPlus && plusIsSpace ? UInt8(ascii: " ") : byte)
        }
        return result
    }
}

extension UInt8 {
    /// RFC 3986 §2.3. A bit for each ASCII character: this is asked for every byte of a query.
    var isUnreserved: Bool {
        let half: UInt64 = self < 64 ? 0x03FF_6000_0000_0000 : self < 128 ? 0x47FF_FFFE_87FF_FFFE : 0
        return half >> UInt64(self & 63) & 1 == 1
    }

    /// The hexadecimal digit of a value below 16.
    var upperCaseDigit: UInt8 { self < 10 ? self + UInt8(ascii: "0") : self - 10 + UInt8(ascii: "A") }

    /// In lower case, if it is an ASCII letter.
    var lowerCased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
