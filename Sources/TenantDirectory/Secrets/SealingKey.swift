/// One key-encryption key: 32 random bytes, and the id that sealed secrets name it by.
struct SealingKey: Sendable {
    /// 8 bytes of a digest of the key: tells keys apart, and tells nothing about them.
    let id: [UInt8]
    let cipher: AESGCM
    /// For what is signed and not sealed: a key that is derived from this one, so that a signature tells nothing of it.
    let signer: HMACKey?

    static let idByteCount = 8

    /// - Returns: `nil` unless there are 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard let cipher = AESGCM(key: bytes) else { return nil }
        self.cipher = cipher
        signer = HMACKey(Secret(SHA256.digest(of: Array("residency receipt key\0".utf8) + bytes)))
        id = Array(SHA256.digest(of: Array("residency key id\0".utf8) + bytes)[..<Self.idByteCount])
    }

    var hexadecimalID: String { Hexadecimal.lowerCase(id) }
}
