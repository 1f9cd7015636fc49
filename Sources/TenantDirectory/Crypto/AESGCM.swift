import CLibCrypto

/// AES-256 in Galois/Counter mode (NIST SP 800-38D), with 96-bit nonces and 128-bit tags.
package struct AESGCM: Sendable {
    package static let keyByteCount = 32
    static let nonceByteCount = 12
    static let tagByteCount = 16

    private let key: [UInt8]

    /// - Returns: `nil` unless the key is 32 bytes long.
    package init?(key: [UInt8]) {
        guard key.count == Self.keyByteCount else { return nil }
        self.key = key
    }

    /// Encrypts under a fresh random nonce.
    /// - Parameter context: bytes that are not stored but must be the same when it is opened.
    /// - Returns: nonce, ciphertext and tag, in this order.
    package func seal(_ plaintext: [UInt8], context: [UInt8]) -> [UInt8] {
        let nonce = SecureRandom.bytes(Self.nonceByteCount)
        guard let sealed = seal(plaintext, context: context, nonce: nonce) else {
            // Only a library without AES, or one out of memory, ends here.
            preconditionFailure("libcrypto cannot encrypt with AES-256-GCM")
        }
        return nonce + sealed
    }

    /// Takes what ``seal(_:context:)`` has made.
    /// - Returns: `nil` when key, context or any byte is not the same as then.
    package func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        let overhead = Self.nonceByteCount + Self.tagByteCount
        guard sealed.count >= overhead else { return nil }
        let nonce = Array(sealed[..<Self.nonceByteCount])
        var tag = Array(sealed[(sealed.count - Self.tagByteCount)...])
        let ciphertext = Array(sealed[Self.nonceByteCount..<(sealed.count - Self.tagByteCount)])
        guard let cipher = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        var count: Int32 = 0
        guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
            EVP_DecryptUpdate(cipher, &plaintext, &count, ciphertext, Int32(ciphertext.count)) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagByteCount), &tag) == 1,
            EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        else {
            ERR_clear_error()
            return nil
        }
        return plaintext
    }

    /// Ciphertext and tag under a given nonce, which must never be used twice with one key.
    func seal(_ plaintext: [UInt8], context: [UInt8], nonce: [UInt8]) -> [UInt8]? {
        guard nonce.count == Self.nonceByteCount, let cipher = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: Self.tagByteCount)
        var count: Int32 = 0
        guard EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
            EVP_EncryptUpdate(cipher, &ciphertext, &count, plaintext, Int32(plaintext.count)) == 1,
            EVP_EncryptFinal_ex(cipher, nil, &count) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagByteCount), &tag) == 1
        else {
            ERR_clear_error()
            return nil
        }
        return ciphertext + tag
    }
}
