/// Takes a chunked body apart (RFC 9112 §7.1), as strictly as the heads: it finds where the data is, and never copies.
///
/// Extensions are passed over, up to a length; trailers are read, checked and dropped.
package struct ChunkedScanner: Sendable {
    package enum Step: Sendable, Equatable {
        /// The next bytes of the body's data.
        case data(Range<Int>)
        /// All bytes given have been taken; the body goes on.
        case needMore
        /// The body is over; what follows, from the offset on, is not part of it.
        case end
    }

    package enum Fault: Error, Sendable, Equatable {
        case badSize
        case lineTooLong
        case bareLineEnd
        case missingLineEnd
        case controlByte
        case trailersTooLarge
    }

    private enum State: Sendable {
        case size
        case afterSize
        case chunkExtension
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailer
        case trailerLineFeed
        case lastLineFeed
        case ended
    }

    private var state = State.size
    /// Of the size while it is read, then of the data still to come.
    private var remaining = 0
    private var digits = 0
    private var lineBytes = 0
    private var trailerBytes = 0
    private let maxLineBytes: Int
    private let maxTrailerBytes: Int

    package init(maxLineBytes: Int, maxTrailerBytes: Int = 8 * 1024) {
        self.maxLineBytes = maxLineBytes
        self.maxTrailerBytes = maxTrailerBytes
    }

    /// Whether the last chunk and its trailers have been read.
    package var isAtEnd: Bool { if case .ended = state { true } else { false } }

    /// The next step, from `offset` on, which moves behind what was taken.
    package mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) throws(Fault) -> Step {
        while offset < bytes.count {
            if case .data = state {
                let end = min(bytes.count, offset + remaining)
                let range = offset..<end
                remaining -= range.count
                offset = end
                if remaining == 0 { state = .dataCarriageReturn }
                return .data(range)
            }
            if case .ended = state { return .end }
            let byte = bytes[offset]
            offset += 1
            try take(byte)
        }
        return isAtEnd ? .end : .needMore
    }

    private mutating func take(_ byte: UInt8) throws(Fault) {
        switch state {
        case .size, .afterSize, .chunkExtension:
            try takeSizeLine(byte)
        case .sizeLineFeed:
            guard byte == HTTPBytes.lineFeed else { throw .bareLineEnd }
            lineBytes = 0
            digits = 0
            state = remaining == 0 ? .trailerStart : .data
        case .dataCarriageReturn:
            guard byte == HTTPBytes.carriageReturn else { throw .missingLineEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == HTTPBytes.lineFeed else { throw .missingLineEnd }
            state = .size
        case .trailerStart, .trailer, .trailerLineFeed, .lastLineFeed:
            try takeTrailer(byte)
        case .data, .ended:
            break
        }
    }

    private mutating func takeSizeLine(_ byte: UInt8) throws(Fault) {
        lineBytes += 1
        guard lineBytes <= maxLineBytes else { throw .lineTooLong }
        if case .size = state {
            let value = HTTPBytes.hexValue(byte)
            if value < 16 {
                // Fifteen digits cannot overflow, and no body has more bytes.
                guard digits < 15 else { throw .badSize }
                remaining = remaining << 4 | Int(value)
                digits += 1
                return
            }
            guard digits > 0 else { throw .badSize }
        }
        switch byte {
        case HTTPBytes.carriageReturn:
            if case .afterSize = state { throw .badSize }
            state = .sizeLineFeed
        case UInt8(ascii: ";"):
            state = .chunkExtension
        case HTTPBytes.space, HTTPBytes.tab:
            // White space after the size is bad unless an extension follows (RFC 9112 §7.1.1).
            if case .size = state { state = .afterSize }
        case HTTPBytes.lineFeed:
            throw .bareLineEnd
        default:
            guard case .chunkExtension = state else { throw .badSize }
            guard byte >= 0x20, byte != 0x7F else { throw .controlByte }
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(Fault) {
        trailerBytes += 1
        guard trailerBytes <= maxTrailerBytes else { throw .trailersTooLarge }
        switch state {
        case .trailerStart:
            if byte == HTTPBytes.carriageReturn {
                state = .lastLineFeed
            } else {
                guard byte > 0x20, byte != 0x7F, byte != HTTPBytes.colon else { throw .controlByte }
                state = .trailer
            }
        case .trailer:
            if byte == HTTPBytes.carriageReturn {
                state = .trailerLineFeed
            } else {
                guard byte != HTTPBytes.lineFeed else { throw .bareLineEnd }
                guard byte >= 0x20 || byte == HTTPBytes.tab, byte != 0x7F else { throw .controlByte }
            }
        case .trailerLineFeed:
            guard byte == HTTPBytes.lineFeed else { throw .bareLineEnd }
            state = .trailerStart
        default:
            guard byte == HTTPBytes.lineFeed else { throw .bareLineEnd }
            state = .ended
        }
    }
}
