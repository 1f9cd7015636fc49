import Glibc

/// The parameters of a query as they were sent, one after the other.
struct QueryParameters: Sequence, IteratorProtocol {
    private let query: UnsafeRawBufferPointer
    private var index = 0

    /// Places in the query: name and value, neither decoded.
    typealias Parameter = (name: Range<Int>, value: Range<Int>)

    init(_ query: UnsafeRawBufferPointer) { self.query = query }

    mutating func next() -> Parameter? {
        while index < query.count, query[index] == UInt8(ascii: "&") { index += 1 }
        guard index < query.count else { return nil }
        let start = index
        while index < query.count, query[index] != UInt8(ascii: "&"), query[index] != UInt8(ascii: "=") { index += 1 }
        let name = start..<index
        guard index < query.count, query[index] == UInt8(ascii: "=") else { return (name, index..<index) }
        index += 1
        let value = index
        index = query.firstIndex(of: UInt8(ascii: "&"), from: index) ?? query.count
        return (name, value..<index)
    }

    /// Whether a name, decoded, is this one.
    static func isNamed(_ name: UnsafeRawBufferPointer, _ word: some Collection<UInt8>) -> Bool {
        if name.count == word.count { return name.elementsEqual(word) }
        guard name.count > word.count, name.contains(UInt8(ascii: "%")) else { return false }
        return EncodedText.decode(name, plusIsSpace: true).elementsEqual(word)
    }
}

extension UnsafeRawBufferPointer {
    /// The first place of a byte, from an index on.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
