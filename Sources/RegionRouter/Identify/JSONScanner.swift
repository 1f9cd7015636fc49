/// Reads JSON (RFC 8259) from bytes it owns, step by step and strictly: no value is built, only places are told.
///
/// 1. The buffer is reused; nothing is allocated once it has grown to the largest token.
/// 2. A string with escapes is unescaped where it stands (it only gets shorter), so a place is always plain UTF-8.
/// 3. Every index is checked: the bytes come from anyone.
final class JSONScanner {
    /// What is read; valid up to `count`.
    var bytes: [UInt8] = []
    var count = 0
    private(set) var position = 0

    func move(to position: Int) { self.position = position }

    /// Objects and arrays inside one another.
    static let depthLimit = 16
    /// Characters of a number. A double needs 24.
    static let numberLength = 40

    /// Starts again at the first byte.
    func restart() { position = 0 }

    // MARK: Objects

    /// Enters an object.
    /// - Returns: whether there is a first member to read.
    func beginObject() throws(JSONFault) -> Bool {
        try expect(UInt8(ascii: "{"))
        skipSpace()
        guard peek() == UInt8(ascii: "}") else { return true }
        position += 1
        return false
    }

    /// The name of a member, with the colon after it.
    func memberName() throws(JSONFault) -> Range<Int> {
        skipSpace()
        let name = try string()
        skipSpace()
        try expect(UInt8(ascii: ":"))
        skipSpace()
        return name
    }

    /// After a member or an element: whether another follows.
    func hasAnother(before close: UInt8) throws(JSONFault) -> Bool {
        skipSpace()
        guard position < count else { throw .malformed }
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: ",") { return true }
        guard byte == close else { throw .malformed }
        return false
    }

    /// Enters an array.
    /// - Returns: whether there is a first element to read.
    func beginArray() throws(JSONFault) -> Bool {
        try expect(UInt8(ascii: "["))
        skipSpace()
        guard peek() == UInt8(ascii: "]") else { return true }
        position += 1
        return false
    }

    /// Nothing but white space may be left.
    func end() throws(JSONFault) {
        skipSpace()
        guard position == count else { throw .malformed }
    }

    // MARK: Values

    /// The first byte of the next value, which tells its type; 0 at the end.
    func peek() -> UInt8 { position < count ? bytes[position] : 0 }

    /// Passes over a value of any type, which must be valid all the same.
    /// - Parameter depth: of the object or array around it.
    func skipValue(depth: Int) throws(JSONFault) {
        switch peek() {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            guard depth < Self.depthLimit else { throw .tooDeep }
            var more = try beginObject()
            while more {
                _ = try memberName()
                try skipValue(depth: depth + 1)
                more = try hasAnother(before: UInt8(ascii: "}"))
            }
        case UInt8(ascii: "["):
            guard depth < Self.depthLimit else { throw .tooDeep }
            var more = try beginArray()
            while more {
                skipSpace()
                try skipValue(depth: depth + 1)
                more = try hasAnother(before: UInt8(ascii: "]"))
            }
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: _ = try number()
        }
    }

    /// A time in whole seconds since 1970 (RFC 7519 NumericDate); a fraction is cut off.
    func seconds() throws(JSONFault) -> Int64 {
        switch peek() {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
        default: throw .wrongType
        }
        var value: Int64 = 0
        if let end = endOfDigits(&value) {
            position = end
            return value
        }
        value = 0
        let place = try number()
        for index in place {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") { break }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw .wrongType }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            // The end of the year 9999.
            guard value <= 253_402_300_799 else { throw .hugeNumber }
        }
        for index in place where bytes[index] | 0x20 == UInt8(ascii: "e") { throw .wrongType }
        return value
    }

    /// What nearly every time is: at most 11 digits, which is less than the year 9999, without a needless zero, and the
    /// end of the member behind them.
    /// - Returns: where they end; `nil` for anything else.
    private func endOfDigits(_ value: inout Int64) -> Int? {
        let start = position
        let end = min(count, bytes.count)
        return bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < end, index < start + 12, bytes[index] &- UInt8(ascii: "0") <= 9 {
                value = value * 10 + Int64(bytes[index] &- UInt8(ascii: "0"))
                index += 1
            }
            let length = index - start
            guard (1...11).contains(length), length == 1 || bytes[start] != UInt8(ascii: "0"), index < end,
                bytes[index] == UInt8(ascii: ",") || bytes[index] == UInt8(ascii: "}")
            else { return nil }
            return index
        }
    }

    // MARK: Letters

    @inline(__always)
    func skipSpace() {
        // Tokens are written without spaces.
        guard position < count, bytes[position] <= UInt8(ascii: " ") else { return }
        skipSpaces()
    }

    private func skipSpaces() {
        while position < count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    private func expect(_ byte: UInt8) throws(JSONFault) {
        guard peek() == byte, position < count else { throw .malformed }
        position += 1
    }

    private func literal(_ word: StaticString) throws(JSONFault) {
        let length = word.utf8CodeUnitCount
        guard matches(position..<position + length, word) else { throw .malformed }
        position += length
    }

    /// Whether a place holds exactly a word.
    func matches(_ place: Range<Int>, _ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard place.count == length, place.upperBound <= count else { return false }
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: length)
        for offset in 0..<length where bytes[place.lowerBound + offset] != letters[offset] { return false }
        return true
    }

    /// Passes over a number and checks its grammar and size.
    private func number() throws(JSONFault) -> Range<Int> {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        guard whole > 0 else { throw .malformed }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") { throw .malformed }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw .malformed }
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            position += 1
            if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { position += 1 }
            let length = digits()
            guard length > 0 else { throw .malformed }
            // Two digits are far from where a double ends (1e308).
            guard length <= 2 else { throw .hugeNumber }
        }
        guard position - start <= Self.numberLength else { throw .hugeNumber }
        return start..<position
    }

    private func digits() -> Int {
        let start = position
        while position < count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
        return position - start
    }
}

extension JSONScanner {
    /// Whether the bytes hold a word anywhere, a slash in it escaped or not.
    func mentions(_ word: StaticString) -> Bool {
        let letters = Array(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        let plain = bytes.prefix(count).filter { $0 != UInt8(ascii: "\\") }
        guard plain.count >= letters.count else { return false }
        return (0...plain.count - letters.count).contains { plain[$0..<$0 + letters.count].elementsEqual(letters) }
    }
}
