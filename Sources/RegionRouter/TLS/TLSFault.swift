/// Why a certificate, key or list of authorities cannot be used.
package struct TLSFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// What is wrong and what to do, to be read after the file's name.
    package let reason: String

    package init(_ file: String, _ reason: String) {
        self.file = file
        self.reason = reason
    }

    package var description: String { "\(file) \(reason)" }
}
