/// One field line of a head, split at its colon (RFC 9112 §5).
struct FieldLine {
    /// The whole line with its CRLF.
    let whole: Range<Int>
    let name: Range<Int>
    /// The value without the white space around it.
    let value: Range<Int>

    /// - Throws: `badRequest` for an empty name, white space before the colon, a folded line, or no colon.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, line: Range<Int>, tokens: HTTPBytes.TokenClass) throws(RouterError) {
        var index = line.lowerBound
        while index < line.upperBound, tokens.contains(bytes[index]) { index += 1 }
        guard index > line.lowerBound, index < line.upperBound, bytes[index] == HTTPBytes.colon else {
            throw Self.fault(bytes, line, at: index)
        }
        whole = line.lowerBound..<line.upperBound + 2
        name = line.lowerBound..<index
        value = HTTPBytes.trimmed(bytes, index + 1..<line.upperBound)
    }

    private static func fault(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, at index: Int) -> RouterError {
        guard index < line.upperBound else { return RouterError(.badRequest, "A field line has no colon.") }
        let isBlank = bytes[index] == HTTPBytes.space || bytes[index] == HTTPBytes.tab
        guard index > line.lowerBound else {
            return RouterError(.badRequest, isBlank ? "A field line is folded." : "A field has no valid name.")
        }
        return RouterError(
            .badRequest,
            isBlank ? "White space follows a field name." : "A field name holds a byte that no name may hold.")
    }
}
