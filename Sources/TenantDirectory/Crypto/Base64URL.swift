/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 0x3F)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 0x3F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: `nil` for padding, white space, bytes outside the alphabet, an impossible length, or bits set behind
    ///   the last byte: each value has one spelling.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8))
    }

    /// As ``decode(_:)-(StringProtocol)``, from ASCII bytes.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        let capacity = text.count * 3 / 4
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            let output = UnsafeMutableRawBufferPointer(buffer)
            guard let count = text.withUnsafeBytes({ decode($0, into: output) }) else { return }
            initialized = count
            isValid = true
        }
        return isValid ? bytes : nil
    }

    /// Decodes into the caller's buffer, without an allocation.
    /// - Returns: how many bytes were written; `nil` where the text is not valid or the buffer too small
    ///   (`text.count * 3 / 4` is enough).
    package static func decode(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        let rest = text.count % 4
        guard rest != 1, output.count >= text.count * 3 / 4 else { return nil }
        // Every token passes here: the table is looked up once, and four characters are taken at a time.
        return values.withUnsafeBufferPointer { values in
            var (read, written) = (0, 0)
            // Every value is below 64, so a higher bit tells of a byte outside the alphabet.
            var seen: UInt8 = 0
            func next() -> UInt32 {
                let value = values[Int(text[read])]
                read += 1
                seen |= value
                return UInt32(value)
            }
            while read < text.count - rest {
                let bits = next() << 18 | next() << 12 | next() << 6 | next()
                output[written] = UInt8(truncatingIfNeeded: bits >> 16)
                output[written + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                output[written + 2] = UInt8(truncatingIfNeeded: bits)
                written += 3
            }
            if rest > 0 {
                let bits = next() << 18 | next() << 12 | (rest == 3 ? next() << 6 : 0)
                output[written] = UInt8(truncatingIfNeeded: bits >> 16)
                if rest == 3 { output[written + 1] = UInt8(truncatingIfNeeded: bits >> 8) }
                written += rest - 1
                guard bits & (rest == 3 ? 0xFF : 0xFFFF) == 0 else { return nil }
            }
            return seen < 64 ? written : nil
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// What each byte stands for; 255 where it is not in the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()
}
