/// Cuts Swift text into tokens, well enough for the checks: it knows comments (nested too), string literals (raw,
/// multi-line, with interpolations), words and signs. It does not know regular-expression literals.
struct SwiftScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    static func tokens(of text: String) -> [SwiftToken] {
        var scanner = SwiftScanner(bytes: Array(text.utf8))
        return scanner.run()
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() -> [SwiftToken] {
        var tokens: [SwiftToken] = []
        var lastEnd = -1
        while position < bytes.count {
            if skipSpace() || skipComment() { continue }
            let start = position
            let startLine = line
            let text = scanString() ? "\"\"" : scanWordOrSign()
            tokens.append(SwiftToken(text: text, line: startLine, touchesPrevious: start == lastEnd))
            lastEnd = position
        }
        return tokens
    }

    private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        let from = position + offset
        guard from + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[from..<(from + $0.count)]) }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func skipSpace() -> Bool {
        guard bytes[position] <= UInt8(ascii: " ") else { return false }
        advance()
        return true
    }

    private mutating func skipComment() -> Bool {
        if starts(with: "//") {
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { advance() }
            return true
        }
        guard starts(with: "/*") else { return false }
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                advance(2)
            } else if starts(with: "*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && position < bytes.count
        return true
    }

    private mutating func scanWordOrSign() -> String {
        let start = position
        if Self.isWordByte(bytes[position]) {
            while position < bytes.count, Self.isWordByte(bytes[position]) { advance() }
        } else {
            advance()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A literal with its delimiters and all its interpolations, or nothing.
    private mutating func scanString() -> Bool {
        var hashes = 0
        while starts(with: "#", at: hashes) { hashes += 1 }
        guard starts(with: "\"", at: hashes) else { return false }
        let isMultiline = starts(with: "\"\"\"", at: hashes)
        advance(hashes + (isMultiline ? 3 : 1))
        while position < bytes.count {
            if starts(with: "\\"), isFollowedByHashes(hashes, from: 1) {
                advance(1 + hashes)
                if starts(with: "(") { skipInterpolation() } else { advance() }
            } else if isMultiline ? starts(with: "\"\"\"") : starts(with: "\""),
                isFollowedByHashes(hashes, from: isMultiline ? 3 : 1)
            {
                advance((isMultiline ? 3 : 1) + hashes)
                return true
            } else {
                advance()
            }
        }
        return true
    }

    private func isFollowedByHashes(_ count: Int, from offset: Int) -> Bool {
        (0..<count).allSatisfy { starts(with: "#", at: offset + $0) }
    }

    private mutating func skipInterpolation() {
        var depth = 0
        while position < bytes.count {
            if scanString() || skipComment() { continue }
            if starts(with: "(") { depth += 1 }
            if starts(with: ")") { depth -= 1 }
            advance()
            if depth == 0 { return }
        }
    }
}
