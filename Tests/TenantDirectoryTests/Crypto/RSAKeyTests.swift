import TenantDirectory
import Testing

@Suite("RS256 keys")
struct RSAKeyTests {
    static let message = Array("header.payload".utf8)

    func isValid(_ signature: [UInt8], _ message: [UInt8], by key: RSAPublicKey) -> Bool {
        signature.withUnsafeBytes { signature in
            message.withUnsafeBytes { key.isValidRS256(signature, for: $0) }
        }
    }

    @Test("A signature is valid by the key's PEM and by its modulus and exponent, and by no other key")
    func roundTrip() throws {
        let pair = try #require(RSAPrivateKey())
        let signature = try #require(pair.signRS256(Self.message))
        let fromPEM = try #require(RSAPublicKey(pem: Array(pair.publicPEM.utf8)))
        let fromNumbers = try #require(RSAPublicKey(modulus: pair.modulus, exponent: pair.exponent))
        let stranger = try #require(RSAPrivateKey().flatMap { RSAPublicKey(pem: Array($0.publicPEM.utf8)) })
        for key in [fromPEM, fromNumbers] {
            #expect(isValid(signature, Self.message, by: key))
            #expect(!isValid(signature, Self.message + [0], by: key))
            #expect(!isValid(Array(signature.dropLast()), Self.message, by: key))
            #expect(!isValid([], Self.message, by: key))
        }
        #expect(!isValid(signature, Self.message, by: stranger))
    }

    @Test("A key used from many threads at once, good and bad signatures in turn, judges each by itself")
    func manyThreads() async throws {
        let pair = try #require(RSAPrivateKey())
        let key = try #require(RSAPublicKey(pem: Array(pair.publicPEM.utf8)))
        let signed = try (0..<8).map { number in
            let message = Self.message + [UInt8(number)]
            return (message: message, signature: try #require(pair.signRS256(message)))
        }
        let wrong = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    (0..<200).count { round in
                        let (one, other) = (signed[(worker + round) % 8], signed[(worker + round + 1) % 8])
                        return !isValid(one.signature, one.message, by: key)
                            || isValid(one.signature, other.message, by: key)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    /// RFC 7515, appendix A.2.
    @Test("The example of RFC 7515 is valid")
    func jwsExample() throws {
        let modulus =
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
            + "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
            + "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
            + "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        let signed =
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y"
            + "b290Ijp0cnVlfQ"
        let signature =
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
            + "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
            + "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
            + "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        let modulusBytes = try #require(Base64URL.decode(modulus))
        let signatureBytes = try #require(Base64URL.decode(signature))
        let key = try #require(RSAPublicKey(modulus: modulusBytes, exponent: [1, 0, 1]))
        #expect(isValid(signatureBytes, Array(signed.utf8), by: key))
    }

    @Test("A key pair is the same after its PEM was written and read")
    func privatePEM() throws {
        let pair = try #require(RSAPrivateKey())
        let pem = try #require(pair.privatePEM())
        let read = try #require(RSAPrivateKey(privatePEM: Array(pem.utf8)))
        #expect(read.publicPEM == pair.publicPEM)
        #expect(read.signRS256(Self.message) == pair.signRS256(Self.message))
        #expect(RSAPrivateKey(privatePEM: Array(pair.publicPEM.utf8)) == nil)
    }

    @Test("Keys under 2048 bits are refused")
    func tooShort() throws {
        let pair = try #require(RSAPrivateKey(bits: 1024))
        #expect(RSAPublicKey(pem: Array(pair.publicPEM.utf8)) == nil)
        #expect(RSAPublicKey(modulus: pair.modulus, exponent: pair.exponent) == nil)
    }

    @Test("What is not a key is refused")
    func notAKey() throws {
        let pair = try #require(RSAPrivateKey())
        #expect(RSAPublicKey(pem: []) == nil)
        #expect(RSAPublicKey(pem: Array("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".utf8)) == nil)
        #expect(RSAPublicKey(pem: Array(pair.publicPEM.utf8.dropLast(60))) == nil)
        #expect(RSAPublicKey(modulus: [], exponent: []) == nil)
        #expect(RSAPublicKey(modulus: pair.modulus, exponent: []) == nil)
        #expect(RSAPublicKey(modulus: pair.modulus, exponent: [2]) == nil)
        #expect(RSAPublicKey(modulus: pair.modulus, exponent: [UInt8](repeating: 1, count: 9)) == nil)
        #expect(RSAPublicKey(modulus: [UInt8](repeating: 0xFF, count: 2000), exponent: [1, 0, 1]) == nil)
    }
}
