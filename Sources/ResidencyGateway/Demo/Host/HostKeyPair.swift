import TenantDirectory

/// One of the host's key pairs, under the name tokens give it.
struct HostKeyPair: Sendable {
    let kid: String
    let key: RSAPrivateKey

    init(kid: String, key: RSAPrivateKey) {
        self.kid = kid
        self.key = key
    }

    /// A new pair under a random name.
    /// - Throws: ``HostError`` when libcrypto makes none.
    static func random() throws -> HostKeyPair {
        guard let key = RSAPrivateKey() else { throw HostError("no key pair could be made") }
        return HostKeyPair(kid: HostNames.uuid(), key: key)
    }

    /// The public half as a member of a key set (RFC 7517).
    var setMember: JSONValue {
        [
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": .text(kid), "n": .text(Base64URL.encode(key.modulus)),
            "e": .text(Base64URL.encode(key.exponent)),
        ]
    }
}

/// Names as the host makes them.
enum HostNames {
    /// A random UUID (RFC 9562 §5.4) in lower case.
    static func uuid() -> String {
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(Hexadecimal.lowerCase(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    /// A shared secret.
    static func secret() -> String { "ATCO" + Hexadecimal.lowerCase(SecureRandom.bytes(30)) }
}

/// What a command of the simulator could not do, in a sentence.
struct HostError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
