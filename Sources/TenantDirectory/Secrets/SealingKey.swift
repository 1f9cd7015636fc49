/// One key-encryption key: 32 random bytes, and the id that sealed secrets name it by.
struct SealingKey: Sendable {
    /// 8 bytes of a digest of the key: tells keys apart, and tells nothing about them.
    let id: [UInt8]
    let cipher: AESGCM

    static let idByteCount = 8

    /// - Returns: `nil` unless there are 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard let cipher = AESGCM(key: bytes) else { return nil }
        self.cipher = cipher
        id = Array(SHA256.digest(of: Array("residency key id\0".utf8) + bytes)[..<Self.idByteCount])
    }

    var hexadecimalID: String { Hexadecimal.lowerCase(id) }
}
