import Glibc

/// What commands write: results on standard output, complaints on standard error. Nobody listening any more, as behind
/// `| head`, is no reason to end: `serve` goes on without its terminal.
enum Console {
    static func write(_ text: String) { put("\(text)\n", STDOUT_FILENO) }

    static func complain(_ text: String) { put("\(text)\n", STDERR_FILENO) }

    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Replaces the current line of standard error; for progress on a terminal.
    static func progress(_ text: String) { put("\r\u{1B}[2K\(text)", STDERR_FILENO) }

    private static func put(_ text: String, _ descriptor: Int32) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { sent += count } else if count == 0 || errno != EINTR { return }
        }
    }
}
