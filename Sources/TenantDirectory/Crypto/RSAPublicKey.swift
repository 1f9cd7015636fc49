import CLibCrypto

/// A public key of the host's, for RS256 (RFC 7518 §3.3).
package final class RSAPublicKey: Sendable {
    /// A verification with this key that has not begun: looking up the algorithms and binding them to the key takes
    /// 2.5 µs, copying what came of it a tenth of that.
    // Only copied after initialisation: libcrypto takes the source of a copy as a constant, from any thread.
    private nonisolated(unsafe) let prepared: OpaquePointer

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
        defer { EVP_PKEY_free(key) }
        guard let prepared = Self.prepare(key) else { return nil }
        self.prepared = prepared
    }

    /// From the members `n` and `e` of a JSON Web Key (RFC 7518 §6.3.1), big-endian bytes, RSA of 2048 to 8192 bits.
    /// - Returns: `nil` where they are no such key.
    package init?(modulus: [UInt8], exponent: [UInt8]) {
        guard (256...1025).contains(modulus.count), (1...8).contains(exponent.count), (exponent.last ?? 0) & 1 == 1,
            let key = Self.make(modulus: modulus, exponent: exponent)
        else {
            ERR_clear_error()
            return nil
        }
        defer { EVP_PKEY_free(key) }
        guard let prepared = Self.prepare(key) else { return nil }
        self.prepared = prepared
    }

    deinit { EVP_MD_CTX_free(prepared) }

    /// Whether the signature (RSASSA-PKCS1-v1_5 with SHA-256) is this key's, over the message. About 17 µs for a key of
    /// 2048 bits.
    package func isValidRS256(_ signature: UnsafeRawBufferPointer, for message: UnsafeRawBufferPointer) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_MD_CTX_copy_ex(context, prepared) == 1,
            EVP_DigestVerify(
                context, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), signature.count,
                message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
        else {
            // Each refused signature leaves entries in the thread's error queue.
            ERR_clear_error()
            return false
        }
        return true
    }

    /// - Returns: `nil` for a key that is not RSA, of 2048 to 8192 bits. What is returned keeps the key alive.
    private static func prepare(_ key: OpaquePointer) -> OpaquePointer? {
        guard EVP_PKEY_is_a(key, "RSA") == 1, (2048...8192).contains(EVP_PKEY_get_bits(key)),
            let context = EVP_MD_CTX_new()
        else { return nil }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
            return nil
        }
        return context
    }

    private static func make(modulus: [UInt8], exponent: [UInt8]) -> OpaquePointer? {
        guard let n = BN_bin2bn(modulus, Int32(modulus.count), nil) else { return nil }
        defer { BN_free(n) }
        guard let e = BN_bin2bn(exponent, Int32(exponent.count), nil) else { return nil }
        defer { BN_free(e) }
        guard BN_is_odd(n) == 1, let parameters = parameters(modulus: n, exponent: e) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, residency_evp_pkey_public_key, parameters) == 1
        else { return nil }
        return key
    }

    private static func parameters(modulus: OpaquePointer, exponent: OpaquePointer)
        -> UnsafeMutablePointer<OSSL_PARAM>?
    {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard OSSL_PARAM_BLD_push_BN(builder, residency_rsa_modulus, modulus) == 1,
            OSSL_PARAM_BLD_push_BN(builder, residency_rsa_exponent, exponent) == 1
        else { return nil }
        return OSSL_PARAM_BLD_to_param(builder)
    }
}
