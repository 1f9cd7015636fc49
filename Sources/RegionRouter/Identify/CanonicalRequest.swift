import TenantDirectory

/// The text whose SHA-256 is a token's `qsh` (connect-protocol §4.7): `METHOD&path&query`, with the query decoded,
/// sorted and encoded again in one way only.
///
/// Written into buffers that are kept, so that nothing is allocated for a request.
struct CanonicalRequest {
    /// How the names of parameters are ordered; libraries differ.
    enum Order: CaseIterable {
        /// By their percent-encoded form; Atlassian's own, and so tried first.
        case java
        /// By the characters themselves.
        case javaScript
    }

    /// Name and value of a parameter, as places in `encoded`.
    private struct Pair {
        var nameStart: Int
        var nameEnd: Int
        var valueEnd: Int

        var name: Range<Int> { nameStart..<nameEnd }
        var value: Range<Int> { nameEnd..<valueEnd }
    }

    private var pairs: [Pair] = []
    /// Names and values, decoded and encoded again, one behind the other.
    private var encoded: [UInt8] = []
    private var encodedCount = 0
    /// The finished text.
    private var text: [UInt8] = []
    private var textCount = 0
    private var digest = [UInt8](repeating: 0, count: 2 * SHA256.byteCount)

    init() {
        pairs.reserveCapacity(32)
        encoded.reserveCapacity(1_024)
        text.reserveCapacity(1_024)
    }

    /// The canonical text, for tests and for people.
    var canonicalText: String { String(decoding: text[..<textCount], as: UTF8.self) }

    /// Whether `qsh` is that of the request, in the Java order or the JavaScript one.
    /// - Parameters:
    ///   - path: as sent, base path included.
    ///   - basePath: of the URL that was called; cut where it ends at a `/` of the path or at its end.
    mutating func isHashed(
        as qsh: ArraySlice<UInt8>, method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, basePath: [UInt8],
        query: UnsafeRawBufferPointer
    ) -> Bool {
        guard qsh.count == digest.count else { return false }
        collect(query)
        write(method: method, path: path, basePath: basePath, order: .java)
        if isHash(qsh) { return true }
        guard pairs.count > 1 else { return false }
        write(method: method, path: path, basePath: basePath, order: .javaScript)
        return isHash(qsh)
    }

    /// The hash in one of the orders: 64 lower-case hexadecimal digits.
    mutating func hash(
        method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, basePath: [UInt8], query: UnsafeRawBufferPointer,
        order: Order
    ) -> [UInt8] {
        collect(query)
        write(method: method, path: path, basePath: basePath, order: order)
        hash()
        return digest
    }

    private mutating func isHash(_ qsh: ArraySlice<UInt8>) -> Bool {
        hash()
        return qsh.withUnsafeBytes { HTTPBytes.equals($0, digest) }
    }

    private mutating func hash() {
        let count = textCount
        text.withUnsafeBytes { text in
            digest.withUnsafeMutableBytes {
                SHA256.hexDigest(of: UnsafeRawBufferPointer(rebasing: text[..<count]), into: $0)
            }
        }
    }

    // MARK: Reading the query

    /// Reads all parameters but `jwt`.
    private mutating func collect(_ query: UnsafeRawBufferPointer) {
        pairs.removeAll(keepingCapacity: true)
        encodedCount = 0
        let needed = query.count * 3
        if encoded.count < needed { encoded.append(contentsOf: repeatElement(0, count: needed - encoded.count)) }
        Self.unreserved.withUnsafeBufferPointer { unreserved in
            encoded.withUnsafeMutableBytes { output in
                var written = 0
                var index = 0
                while index < query.count {
                    if query[index] == UInt8(ascii: "&") {
                        index += 1
                        continue
                    }
                    var pair = Pair(nameStart: written, nameEnd: written, valueEnd: written)
                    written = Self.recode(
                        query, &index, unreserved, until: UInt8(ascii: "="), into: output, at: written)
                    pair.nameEnd = written
                    if Self.isToken(UnsafeRawBufferPointer(rebasing: output[pair.name])) {
                        // Most of the query, and none of its business.
                        index = query.firstIndex(of: UInt8(ascii: "&"), from: index) ?? query.count
                        written = pair.nameStart
                        continue
                    }
                    if index < query.count, query[index] == UInt8(ascii: "=") {
                        index += 1
                        written = Self.recode(
                            query, &index, unreserved, until: UInt8(ascii: "&"), into: output, at: written)
                    }
                    pair.valueEnd = written
                    pairs.append(pair)
                }
                encodedCount = written
            }
        }
    }

    /// Whether each byte is an unreserved character: a look at memory is quicker than the question.
    private static let unreserved: [Bool] = (0...255).map { UInt8($0).isUnreserved }

    private static func isToken(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == 3 && name[0] == UInt8(ascii: "j") && name[1] == UInt8(ascii: "w") && name[2] == UInt8(ascii: "t")
    }

    /// Decodes (`+` and `%20` are a space, a `%` without two digits is itself) and encodes again (RFC 3986: all but
    /// unreserved characters), up to `&` or the given stop.
    /// - Returns: where the output ends. It never grows to more than three times the input.
    private static func recode(
        _ query: UnsafeRawBufferPointer, _ index: inout Int, _ unreserved: UnsafeBufferPointer<Bool>, until stop: UInt8,
        into output: UnsafeMutableRawBufferPointer,
        at start: Int
    ) -> Int {
        var written = start
        while index < query.count {
            // Nearly all of it stays as it is.
            let run = index
            while index < query.count, unreserved[Int(query[index])] { index += 1 }
            if run < index { written = copy(query, run..<index, into: output, at: written) }
            guard index < query.count else { break }
            var byte = query[index]
            if byte == UInt8(ascii: "&") || byte == stop { return written }
            index += 1
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if byte == UInt8(ascii: "%"), index + 1 < query.count,
                let high = query[index].hexadecimalDigit, let low = query[index + 1].hexadecimalDigit
            {
                byte = high << 4 | low
                index += 2
            }
            if byte.isUnreserved {
                output[written] = byte
                written += 1
            } else {
                output[written] = UInt8(ascii: "%")
                output[written + 1] = (byte >> 4).upperCaseDigit
                output[written + 2] = (byte & 0xF).upperCaseDigit
                written += 3
            }
        }
        return written
    }

    // MARK: Writing

    private mutating func write(
        method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, basePath: [UInt8], order: Order
    ) {
        sort(order)
        // A pair is followed by at most one separator and has one `=`; a path byte becomes at most three.
        let needed = method.count + path.count * 3 + encodedCount + pairs.count * 2 + 8
        if text.count < needed { text.append(contentsOf: repeatElement(0, count: needed - text.count)) }
        let relative = UnsafeRawBufferPointer(rebasing: path[Self.relativePath(path, basePath: basePath)])
        textCount = text.withUnsafeMutableBytes { output in
            var written = Self.write(method: method, path: relative, into: output)
            encoded.withUnsafeBytes { encoded in
                for (index, pair) in pairs.enumerated() {
                    if index > 0, Self.areEqual(encoded, pairs[index - 1].name, pair.name) {
                        output[written] = UInt8(ascii: ",")
                        written += 1
                    } else {
                        if index > 0 {
                            output[written] = UInt8(ascii: "&")
                            written += 1
                        }
                        written = Self.copy(encoded, pair.name, into: output, at: written)
                        output[written] = UInt8(ascii: "=")
                        written += 1
                    }
                    written = Self.copy(encoded, pair.value, into: output, at: written)
                }
            }
            return written
        }
    }

    /// What of a path stands behind the base path; the whole of one that is not under it.
    static func relativePath(_ path: UnsafeRawBufferPointer, basePath: [UInt8]) -> Range<Int> {
        var length = basePath.count
        if length > 0, basePath[length - 1] == UInt8(ascii: "/") { length -= 1 }
        guard length > 0, path.count >= length, path.count == length || path[length] == UInt8(ascii: "/") else {
            return 0..<path.count
        }
        for index in 0..<length where path[index] != basePath[index] { return 0..<path.count }
        return length..<path.count
    }

    private static func write(
        method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Int {
        var written = 0
        for byte in method {
            output[written] = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte
            written += 1
        }
        output[written] = UInt8(ascii: "&")
        written += 1
        var end = path.count
        if end > 1, path[end - 1] == UInt8(ascii: "/") { end -= 1 }
        if end == 0 || path[0] != UInt8(ascii: "/") {
            output[written] = UInt8(ascii: "/")
            written += 1
        }
        for index in 0..<end {
            let byte = path[index]
            if byte == UInt8(ascii: "&") {
                output[written] = UInt8(ascii: "%")
                output[written + 1] = UInt8(ascii: "2")
                output[written + 2] = UInt8(ascii: "6")
                written += 3
            } else {
                output[written] = byte
                written += 1
            }
        }
        output[written] = UInt8(ascii: "&")
        return written + 1
    }

    private static func copy(
        _ source: UnsafeRawBufferPointer, _ place: Range<Int>, into output: UnsafeMutableRawBufferPointer, at start: Int
    ) -> Int {
        // Names and values are short: two words are copied, whatever of them is needed, sooner than the right length.
        if place.count <= 16, place.lowerBound >= 0, place.lowerBound + 16 <= source.count, start >= 0,
            start + 16 <= output.count
        {
            let words = (
                source.loadUnaligned(fromByteOffset: place.lowerBound, as: UInt64.self),
                source.loadUnaligned(fromByteOffset: place.lowerBound + 8, as: UInt64.self)
            )
            output.storeBytes(of: words.0, toByteOffset: start, as: UInt64.self)
            output.storeBytes(of: words.1, toByteOffset: start + 8, as: UInt64.self)
            return start + place.count
        }
        UnsafeMutableRawBufferPointer(rebasing: output[start..<start + place.count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[place]))
        return start + place.count
    }

    // MARK: Order

    private mutating func sort(_ order: Order) {
        encoded.withUnsafeBytes { encoded in
            func isBefore(_ left: Pair, _ right: Pair) -> Bool {
                let names =
                    order == .java
                    ? Self.compare(encoded, left.name, right.name)
                    : EncodedText.compare(encoded, left.name, right.name)
                return names < 0 || names == 0 && EncodedText.compare(encoded, left.value, right.value) < 0
            }
            // What requests have; `sort` allocates, and is for those who send hundreds.
            guard pairs.count <= 24 else { return pairs.sort(by: isBefore) }
            for index in pairs.indices.dropFirst() {
                let pair = pairs[index]
                var place = index
                while place > 0, isBefore(pair, pairs[place - 1]) {
                    pairs[place] = pairs[place - 1]
                    place -= 1
                }
                pairs[place] = pair
            }
        }
    }

    private static func areEqual(_ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count && compare(bytes, left, right) == 0
    }

    /// Negative, 0 or positive, by the bytes as they are.
    private static func compare(_ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>) -> Int {
        for offset in 0..<min(left.count, right.count) {
            let difference = Int(bytes[left.lowerBound + offset]) - Int(bytes[right.lowerBound + offset])
            if difference != 0 { return difference }
        }
        return left.count - right.count
    }
}
