/// A name as the key of a table that is looked up by bytes lying elsewhere, so that no text has to be made of them.
struct NameBytes: Hashable {
    private enum Storage {
        case owned([UInt8])
        case borrowed(UnsafeRawBufferPointer)
    }

    private let storage: Storage

    /// For a key that stays in the table.
    init(_ name: String) { storage = .owned(Array(name.utf8)) }

    /// For a look-up alone: it means something only as long as the bytes are there.
    init(borrowed bytes: UnsafeRawBufferPointer) { storage = .borrowed(bytes) }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch storage {
        case .owned(let bytes): bytes.withUnsafeBytes(body)
        case .borrowed(let bytes): body(bytes)
        }
    }

    func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }

    static func == (left: NameBytes, right: NameBytes) -> Bool {
        left.withBytes { left in
            right.withBytes { right in HTTPBytes.equals(left, right) }
        }
    }
}
