import CLibCrypto

/// SHA-256 (FIPS 180-4), whole messages at once.
package enum SHA256 {
    /// The length of a digest in bytes.
    package static let byteCount = 32

    /// Writes the digest into the caller's 32 bytes; nothing is allocated.
    package static func digest(of message: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) {
        precondition(digest.count == byteCount, "a SHA-256 digest is 32 bytes long")
        var context = SHA256_CTX()
        SHA256_Init(&context)
        SHA256_Update(&context, message.baseAddress, message.count)
        SHA256_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
    }

    package static func digest(of message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        message.withUnsafeBytes { message in
            result.withUnsafeMutableBytes { digest(of: message, into: $0) }
        }
        return result
    }

    /// The digest as 64 lower-case hexadecimal digits.
    package static func hexDigest(of message: [UInt8]) -> String {
        Hexadecimal.lowerCase(digest(of: message))
    }

    /// Writes the digest as lower-case hexadecimal digits into the caller's 64 bytes; nothing is allocated. This is
    /// the form of a query string hash.
    package static func hexDigest(of message: UnsafeRawBufferPointer, into digits: UnsafeMutableRawBufferPointer) {
        precondition(digits.count == 2 * byteCount, "a SHA-256 digest has 64 hexadecimal digits")
        withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { binary in
            digest(of: message, into: binary)
            for index in 0..<byteCount {
                digits[2 * index] = Hexadecimal.digit(binary[index] >> 4)
                digits[2 * index + 1] = Hexadecimal.digit(binary[index] & 0xF)
            }
        }
    }
}
