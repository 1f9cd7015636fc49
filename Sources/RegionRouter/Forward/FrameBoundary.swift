/// Where the frames of a WebSocket end (RFC 6455 §5.2), in one direction, as the bytes pass: a frame of ours may only
/// be put between two of the app's. It looks at lengths and at nothing else.
struct FrameBoundary {
    private enum Place: Equatable {
        /// In a frame's head: how many bytes of it have passed, and what is known of the length.
        case head(seen: Int, short: UInt8, long: UInt64)
        /// So many bytes of the payload are to come.
        case payload(Int)
    }

    private var place = Place.head(seen: 0, short: 0, long: 0)

    /// A frame has ended, or none has begun.
    var isBetweenFrames: Bool { place == .head(seen: 0, short: 0, long: 0) }

    /// Follows bytes that pass.
    /// - Parameter stopsAtEnd: stop where the frame under way ends; between two frames, at once.
    /// - Returns: how many of the bytes were followed.
    mutating func follow(_ bytes: UnsafeRawBufferPointer, stopsAtEnd: Bool) -> Int {
        var index = 0
        while index < bytes.count {
            if stopsAtEnd, isBetweenFrames { return index }
            switch place {
            case .payload(let left):
                let taken = min(left, bytes.count - index)
                index += taken
                place = taken == left ? .head(seen: 0, short: 0, long: 0) : .payload(left - taken)
            case .head(let seen, let short, let long):
                place = Self.next(bytes[index], seen: seen, short: short, long: long)
                index += 1
            }
        }
        return index
    }

    private static func next(_ byte: UInt8, seen: Int, short: UInt8, long: UInt64) -> Place {
        let short = seen == 1 ? byte : short
        let lengthBytes = extraLengthBytes(short)
        let isLength = seen >= 2 && seen < 2 + lengthBytes
        let long = isLength ? long << 8 | UInt64(byte) : long
        let isMasked = short & 0x80 != 0
        guard seen >= 1, seen + 1 == 2 + lengthBytes + (isMasked ? 4 : 0) else {
            return .head(seen: seen + 1, short: short, long: long)
        }
        let length = lengthBytes == 0 ? UInt64(short & 0x7F) : long
        return length == 0 ? .head(seen: 0, short: 0, long: 0) : .payload(Int(clamping: length))
    }

    private static func extraLengthBytes(_ short: UInt8) -> Int {
        switch short & 0x7F {
        case 126: 2
        case 127: 8
        default: 0
        }
    }
}
