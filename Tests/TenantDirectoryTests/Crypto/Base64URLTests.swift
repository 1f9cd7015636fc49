import TenantDirectory
import Testing

@Suite("Base64url")
struct Base64URLTests {
    /// RFC 4648 §10, without padding, and the two letters that differ from plain base64.
    static let vectors: [([UInt8], String)] = [
        ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg"), (Array("fooba".utf8), "Zm9vYmE"), (Array("foobar".utf8), "Zm9vYmFy"),
        ([0xFB, 0xFF, 0xFE], "-__-"),
    ]

    @Test("writes and reads the known spellings", arguments: vectors)
    func roundTrip(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(
        "reads one spelling of a value only", arguments: ["Z", "Zg==", "Zh", "Zm9", "Z g", "Zm+v", "Zm/v", "Zg\n", "é"])
    func refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("does not write into a buffer that is too small")
    func smallBuffer() {
        var buffer = [UInt8](repeating: 0, count: 2)
        let written = Array("Zm9v".utf8).withUnsafeBytes { text in
            buffer.withUnsafeMutableBytes { Base64URL.decode(text, into: $0) }
        }
        #expect(written == nil)
        #expect(buffer == [0, 0])
    }
}
