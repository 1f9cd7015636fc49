/// Finds the lines of a head and its end, as the bytes come in: first look at everything that arrives.
///
/// 1. Every line ends with CRLF; a bare CR or LF is refused at once (RFC 9112 §2.2 allows it).
/// 2. No control bytes but HTAB.
/// 3. A byte is looked at once, however slowly the head comes in.
///
/// What the lines say is for ``RequestHead`` and ``ResponseHead``.
package struct HeadScanner: Sendable {
    package enum Progress: Sendable, Equatable {
        /// The empty line has not come yet.
        case incomplete
        /// The head is the first so many bytes, the empty line included.
        case complete(Int)
    }

    /// Where each line's CRLF starts; the empty line's is not among them.
    private(set) var lineEnds: [Int] = []
    /// The first byte not looked at.
    private var position = 0
    private var lineStart = 0

    package init() { lineEnds.reserveCapacity(32) }

    /// Nothing of a head has been looked at.
    var isAtStart: Bool { position == 0 && lineEnds.isEmpty }

    /// Ready for the next head, keeping the memory.
    package mutating func reset() {
        lineEnds.removeAll(keepingCapacity: true)
        position = 0
        lineStart = 0
    }

    /// Goes on where the last call stopped. `bytes` begins with the head's first byte and never shrinks.
    /// - Throws: ``RouterError`` with `badRequest` or `headTooLarge`; for a response the caller says so in its own
    /// words.
    package mutating func scan(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(RouterError) -> Progress {
        try scan(bytes, maxBytes: limits.headBytes, maxFields: limits.headFields)
    }

    package mutating func scan(
        _ bytes: UnsafeRawBufferPointer, maxBytes: Int, maxFields: Int
    ) throws(RouterError) -> Progress {
        let count = bytes.count
        while position < count {
            position = Self.nextControl(bytes, from: position)
            guard position < count else { break }
            switch bytes[position] {
            case HTTPBytes.tab:
                position += 1
            case HTTPBytes.carriageReturn:
                guard position + 1 < count else { return try unfinished(count, maxBytes) }
                guard bytes[position + 1] == HTTPBytes.lineFeed else {
                    throw RouterError(.badRequest, "A line of the head holds a CR that no LF follows.")
                }
                if position == lineStart {
                    guard !lineEnds.isEmpty else {
                        throw RouterError(.badRequest, "The head begins with an empty line.")
                    }
                    let end = position + 2
                    guard end <= maxBytes else { throw Self.tooLarge(maxBytes) }
                    return .complete(end)
                }
                lineEnds.append(position)
                guard lineEnds.count <= maxFields + 1 else {
                    throw RouterError(.headTooLarge, "The head has more than \(maxFields) fields.")
                }
                position += 2
                lineStart = position
            case HTTPBytes.lineFeed:
                throw RouterError(.badRequest, "A line of the head ends with a bare LF; it must end with CRLF.")
            default:
                throw RouterError(.badRequest, "The head holds a control byte.")
            }
        }
        return try unfinished(count, maxBytes)
    }

    private func unfinished(_ count: Int, _ maxBytes: Int) throws(RouterError) -> Progress {
        guard count < maxBytes else { throw Self.tooLarge(maxBytes) }
        return .incomplete
    }

    private static func tooLarge(_ maxBytes: Int) -> RouterError {
        RouterError(.headTooLarge, "The head is larger than \(maxBytes) bytes.")
    }

    /// The first byte from `start` on that is below 0x20 or 0x7F; `bytes.count` where there is none. Sixteen at a time.
    @inline(__always)
    private static func nextControl(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let count = bytes.count
        var index = start
        let space = SIMD16<UInt8>(repeating: 0x20)
        let delete = SIMD16<UInt8>(repeating: 0x7F)
        while index + 16 <= count {
            let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            if any((block .< space) .| (block .== delete)) { break }
            index += 16
        }
        while index < count {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F { return index }
            index += 1
        }
        return index
    }

    /// Lines of the head: the start line first, then the fields.
    var lineCount: Int { lineEnds.count }

    /// The bytes of a line without its CRLF.
    @inline(__always)
    func line(_ index: Int) -> Range<Int> {
        let start = index == 0 ? 0 : lineEnds[index - 1] + 2
        return start..<lineEnds[index]
    }
}
