import TenantDirectory
import Testing

@Suite("HMAC-SHA256")
struct HMACKeyTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key: [UInt8]
        let message: [UInt8]
        let code: String
        var testDescription: String { name }
    }

    /// RFC 4231 §4; case 5 is about truncation, which is not used here.
    static let vectors = [
        Vector(
            name: "case 1", key: [UInt8](repeating: 0x0b, count: 20), message: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            name: "case 2", key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            name: "case 3", key: [UInt8](repeating: 0xaa, count: 20), message: [UInt8](repeating: 0xdd, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            name: "case 4", key: Array(1...25), message: [UInt8](repeating: 0xcd, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            name: "case 6", key: [UInt8](repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            name: "case 7", key: [UInt8](repeating: 0xaa, count: 131),
            message: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test("gives the codes of RFC 4231, again and again from one key", arguments: vectors)
    func code(vector: Vector) throws {
        let key = try #require(HMACKey(Secret(vector.key)))
        for _ in 0..<3 {
            #expect(Hexadecimal.lowerCase(key.authenticationCode(for: vector.message)) == vector.code)
        }
    }

    @Test("accepts its own code and no other")
    func validity() throws {
        let key = try #require(HMACKey(Secret("secret")))
        let message = Array("header.payload".utf8)
        let code = key.authenticationCode(for: message)
        func isValid(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
            signature.withUnsafeBytes { signature in
                message.withUnsafeBytes { key.isValid(signature, for: $0) }
            }
        }
        #expect(isValid(code, message))
        #expect(!isValid(code, message + [0]))
        #expect(!isValid([], message))
        #expect(!isValid(Array(code.dropLast()), message))
        #expect(!isValid(code + [0], message))
        for index in code.indices {
            var other = code
            other[index] ^= 1
            #expect(!isValid(other, message), "byte \(index)")
        }
    }

    @Test("has no key for an empty secret")
    func emptySecret() {
        #expect(HMACKey(Secret("")) == nil)
    }
}
