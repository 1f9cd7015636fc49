/// What a replication stream brings.
package enum ReplicationMessage: Sendable, Equatable {
    /// A message of the output plugin's.
    case data([UInt8])
    /// Everything that was committed before this position has been sent.
    case keepAlive(end: UInt64, wantsReply: Bool)

    /// Reads a message of the streaming protocol; `nil` for one that it does not know.
    package init?(_ bytes: [UInt8]) {
        switch bytes.first {
        // Start, end and time of sending, eight bytes each.
        case UInt8(ascii: "w") where bytes.count >= 25: self = .data(Array(bytes.dropFirst(25)))
        // End, time of sending, and whether an answer is wanted.
        case UInt8(ascii: "k") where bytes.count >= 18:
            let end = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self = .keepAlive(end: end, wantsReply: bytes[17] == 1)
        default: return nil
        }
    }

    /// The answer that tells the server how far everything is durable.
    static func report(_ position: UInt64, time: Int64) -> [UInt8] {
        let numbers = [position, position, position, UInt64(bitPattern: time)]
        let bytes = numbers.flatMap { number in (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        return [UInt8(ascii: "r")] + bytes + [0]
    }
}
