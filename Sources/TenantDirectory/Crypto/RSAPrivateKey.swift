import CLibCrypto

/// A key pair that signs RS256, for the host simulator and tests. The gateway itself never signs with one.
package final class RSAPrivateKey: Sendable {
    // Only read after initialisation; signing takes it as a constant and may be used from any thread.
    private nonisolated(unsafe) let key: OpaquePointer

    /// The public half as a PEM text (`-----BEGIN PUBLIC KEY-----`).
    package let publicPEM: String
    /// The member `n` of a JSON Web Key, as big-endian bytes.
    package let modulus: [UInt8]
    /// The member `e` of a JSON Web Key, as big-endian bytes.
    package let exponent: [UInt8]

    /// A new key pair.
    /// - Parameter bits: 2048 or more; fewer are of use to tests of refusals only.
    /// - Returns: `nil` when libcrypto cannot make one.
    package convenience init?(bits: Int32 = 2048) {
        self.init(owning: Self.generate(bits: bits))
    }

    /// The key pair that ``privatePEM()`` wrote.
    /// - Returns: `nil` for anything else.
    package convenience init?(privatePEM: [UInt8]) {
        self.init(owning: Self.read(privatePEM))
    }

    private init?(owning key: OpaquePointer?) {
        guard let key else {
            ERR_clear_error()
            return nil
        }
        guard let pem = Self.publicPEM(of: key), let n = Self.number(OSSL_PKEY_PARAM_RSA_N, of: key),
            let e = Self.number(OSSL_PKEY_PARAM_RSA_E, of: key)
        else {
            EVP_PKEY_free(key)
            ERR_clear_error()
            return nil
        }
        self.key = key
        publicPEM = pem
        modulus = n
        exponent = e
    }

    deinit { EVP_PKEY_free(key) }

    /// The RSASSA-PKCS1-v1_5 signature with SHA-256.
    /// - Returns: `nil` when libcrypto cannot sign.
    package func signRS256(_ message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else {
            ERR_clear_error()
            return nil
        }
        return Array(signature[..<count])
    }

    /// Both halves as a PEM text (`-----BEGIN PRIVATE KEY-----`), for a file of a simulator's own.
    /// - Returns: `nil` when libcrypto cannot write it.
    package func privatePEM() -> String? {
        Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) == 1 }
    }

    private static func read(_ pem: [UInt8]) -> OpaquePointer? {
        guard let bio = pem.withUnsafeBytes({ BIO_new_mem_buf($0.baseAddress, Int32(clamping: $0.count)) }) else {
            return nil
        }
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else { return nil }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    private static func generate(bits: Int32) -> OpaquePointer? {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { return nil }
        return key
    }

    private static func publicPEM(of key: OpaquePointer) -> String? {
        text { PEM_write_bio_PUBKEY($0, key) == 1 }
    }

    private static func text(_ write: (OpaquePointer) -> Bool) -> String? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard write(bio) else { return nil }
        var text = [UInt8](repeating: 0, count: 16_384)
        let count = BIO_read(bio, &text, Int32(text.count))
        guard count > 0 else { return nil }
        return String(decoding: text[..<Int(count)], as: UTF8.self)
    }

    private static func number(_ name: String, of key: OpaquePointer) -> [UInt8]? {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }
}
