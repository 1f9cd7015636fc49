import CLibCrypto

/// Comparison whose duration tells nothing about the bytes.
package enum ConstantTime {
    /// Whether both hold the same bytes. Only the lengths show in the time taken.
    package static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return left.isEmpty }
        return CRYPTO_memcmp(leftBase, rightBase, left.count) == 0
    }

    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { areEqual(left, $0) } }
    }
}
