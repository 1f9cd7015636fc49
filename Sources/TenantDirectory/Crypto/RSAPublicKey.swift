import CLibCrypto

/// A public key of the host's, for RS256 (RFC 7518 §3.3).
package final class RSAPublicKey: Sendable {
    // Only read after initialisation; libcrypto's verification takes it as a constant and may be used from any thread.
    private nonisolated(unsafe) let key: OpaquePointer

    /// From a PEM text (`-----BEGIN PUBLIC KEY-----`, RSA, 2048 to 8192 bits).
    /// - Returns: `nil` for anything else.
    package init?(pem: [UInt8]) {
        guard let bio = pem.withUnsafeBytes({ BIO_new_mem_buf($0.baseAddress, Int32(clamping: $0.count)) }) else {
            return nil
        }
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PUBKEY(bio, nil, nil, nil) else {
            ERR_clear_error()
            return nil
        }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, (2048...8192).contains(EVP_PKEY_get_bits(key)) else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }
}
