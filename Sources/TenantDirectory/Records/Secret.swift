/// A shared secret in clear, in memory only. It has no description that shows it, and it is not `Codable`, so that it
/// cannot slip into a log, an error or a file.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret as the host uses it: the UTF-8 bytes of the string it sent.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { self.bytes = Array(text.utf8) }

    package var isEmpty: Bool { bytes.isEmpty }
    package var description: String { "(secret)" }
    package var debugDescription: String { "(secret)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
