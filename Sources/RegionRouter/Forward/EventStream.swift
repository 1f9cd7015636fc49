/// Server-sent events: an answer that goes on until somebody ends it.
enum EventStream {
    /// Whether a response head announces `text/event-stream`.
    static func isOne(_ bytes: UnsafeRawBufferPointer, _ head: ResponseHead, _ lines: HeadScanner) -> Bool {
        guard lines.lineCount > 1 else { return false }
        let tokens = HTTPBytes.TokenClass()
        for index in 1..<lines.lineCount {
            guard let field = try? FieldLine(bytes, line: lines.line(index), tokens: tokens),
                HTTPBytes.matches(bytes, field.name, "content-type")
            else { continue }
            return HTTPBytes.hasPrefix(bytes, field.value, "text/event-stream")
        }
        return false
    }
}
