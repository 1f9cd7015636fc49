/// A path pattern, prepared: literal text, `{name}` for any text without a slash, and `*` at the end for the rest.
struct PathTemplate {
    private enum Part {
        case literal([UInt8])
        case wildcard(isTenant: Bool)
    }

    private var parts: [Part] = []
    private var takesRest = false
    let ignoresCase: Bool

    /// - Parameters:
    ///   - pattern: relative to the base URL; a query or fragment is cut off, a missing leading slash is added.
    ///   - tenant: the name whose text is wanted.
    init(_ pattern: String, tenant: String = "tenant", ignoresCase: Bool = false) {
        self.ignoresCase = ignoresCase
        var bytes = Array(pattern.utf8)
        // A brace may hold what looks like a query: `{ac.value?}` stays whole.
        var depth = 0
        if let end = bytes.firstIndex(where: { byte in
            if byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "}") { depth -= 1 }
            return depth <= 0 && (byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#"))
        }) {
            bytes.removeSubrange(end...)
        }
        if bytes.first != UInt8(ascii: "/") { bytes.insert(UInt8(ascii: "/"), at: 0) }
        if bytes.last == UInt8(ascii: "*") {
            takesRest = true
            bytes.removeLast()
        } else if bytes.count > 1, bytes.last == UInt8(ascii: "/") {
            bytes.removeLast()
        }
        var rest = bytes[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")),
            let close = rest[open...].firstIndex(of: UInt8(ascii: "}"))
        {
            append(rest[rest.startIndex..<open])
            parts.append(.wildcard(isTenant: rest[open + 1..<close].elementsEqual(tenant.utf8)))
            rest = rest[(close + 1)...]
        }
        append(rest)
    }

    private mutating func append(_ literal: ArraySlice<UInt8>) {
        guard !literal.isEmpty else { return }
        parts.append(.literal(ignoresCase ? literal.map(\.lowerCased) : Array(literal)))
    }

    /// Whether the pattern has no `{name}` and no `*`; then its text is all there is to compare.
    var literal: [UInt8]? {
        guard !takesRest, parts.count == 1, case .literal(let bytes) = parts[0] else { return nil }
        return bytes
    }

    /// Whether a path (relative to the base URL, one slash at its end ignored) keeps to the pattern.
    /// - Returns: the place of the tenant's name, empty where the pattern has none; `nil` for another path.
    func match(_ path: UnsafeRawBufferPointer) -> Range<Int>? {
        if let tenant = match(path, end: path.count) { return tenant }
        guard path.count > 1, path[path.count - 1] == UInt8(ascii: "/"), !takesRest else { return nil }
        return match(path, end: path.count - 1)
    }

    private func match(_ path: UnsafeRawBufferPointer, end: Int) -> Range<Int>? {
        let slash = UInt8(ascii: "/")
        var tenant = 0..<0
        var index = 0
        var part = 0
        // The last wildcard, the place where it began, and how far it has been stretched: a wildcard stops at a slash,
        // so only the last one can ever have to be stretched.
        var last: (part: Int, start: Int, end: Int)?
        while true {
            if part == parts.count {
                if index == end || takesRest { return tenant }
            } else {
                switch parts[part] {
                case .wildcard(let isTenant):
                    last = (part, index, index)
                    if isTenant { tenant = index..<index }
                    part += 1
                    continue
                case .literal(let bytes):
                    if matches(path, at: index, end: end, bytes) {
                        index += bytes.count
                        part += 1
                        continue
                    }
                }
            }
            guard let stretched = last, stretched.end < end, path[stretched.end] != slash else { return nil }
            last = (stretched.part, stretched.start, stretched.end + 1)
            index = stretched.end + 1
            part = stretched.part + 1
            if case .wildcard(true) = parts[stretched.part] { tenant = stretched.start..<index }
        }
    }

    private func matches(_ path: UnsafeRawBufferPointer, at index: Int, end: Int, _ bytes: [UInt8]) -> Bool {
        guard end - index >= bytes.count else { return false }
        for offset in 0..<bytes.count {
            let byte = path[index + offset]
            guard (ignoresCase ? byte.lowerCased : byte) == bytes[offset] else { return false }
        }
        return true
    }
}
