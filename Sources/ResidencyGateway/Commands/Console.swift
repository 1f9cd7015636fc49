import Foundation
import Glibc

/// What commands write: results on standard output, complaints on standard error.
enum Console {
    static func write(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

    static func complain(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Replaces the current line of standard error; for progress on a terminal.
    static func progress(_ text: String) { FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8)) }
}
