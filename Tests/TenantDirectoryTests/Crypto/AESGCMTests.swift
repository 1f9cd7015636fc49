import Testing

@testable import TenantDirectory

@Suite("AES-256-GCM")
struct AESGCMTests {
    static let key: [UInt8] = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    static let nonce: [UInt8] = bytes("cafebabefacedbaddecaf888")
    static let plaintext: [UInt8] = bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    static let context: [UInt8] = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        var result: [UInt8] = []
        var rest = Substring(hexadecimal)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            result.append(byte)
            rest = rest.dropFirst(2)
        }
        return result
    }

    @Test("gives the text and tag of test case 16 of the GCM specification")
    func testCase16() throws {
        let cipher = try #require(AESGCM(key: Self.key))
        let sealed = try #require(cipher.seal(Self.plaintext, context: Self.context, nonce: Self.nonce))
        #expect(
            Hexadecimal.lowerCase(sealed)
                == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b")
        #expect(cipher.open(Self.nonce + sealed, context: Self.context) == Self.plaintext)
    }

    @Test("gives the tag of test case 13: nothing, under a key of zeroes")
    func testCase13() throws {
        let cipher = try #require(AESGCM(key: [UInt8](repeating: 0, count: 32)))
        let sealed = try #require(cipher.seal([], context: [], nonce: [UInt8](repeating: 0, count: 12)))
        #expect(Hexadecimal.lowerCase(sealed) == "530f8afbc74536b9a963b4f1c4cb738b")
    }

    @Test("opens what it sealed, and nothing that differs in a byte, the key or the context")
    func tampering() throws {
        let cipher = try #require(AESGCM(key: Self.key))
        let sealed = cipher.seal(Self.plaintext, context: Self.context)
        #expect(cipher.open(sealed, context: Self.context) == Self.plaintext)
        for index in sealed.indices {
            var other = sealed
            other[index] ^= 0x80
            #expect(cipher.open(other, context: Self.context) == nil, "byte \(index)")
        }
        #expect(cipher.open(sealed, context: []) == nil)
        #expect(cipher.open(Array(sealed.dropLast()), context: Self.context) == nil)
        #expect(cipher.open([], context: Self.context) == nil)
        let otherKey = try #require(AESGCM(key: SecureRandom.bytes(32)))
        #expect(otherKey.open(sealed, context: Self.context) == nil)
    }

    @Test("never seals twice under one nonce")
    func freshNonce() throws {
        let cipher = try #require(AESGCM(key: Self.key))
        #expect(cipher.seal([1], context: []) != cipher.seal([1], context: []))
    }

    @Test("takes keys of 32 bytes only", arguments: [0, 16, 31, 33])
    func keyLength(count: Int) {
        #expect(AESGCM(key: [UInt8](repeating: 1, count: count)) == nil)
    }
}
