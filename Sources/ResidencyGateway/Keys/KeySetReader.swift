import Foundation
package import TenantDirectory

/// Reads what key servers answer: a PEM, or a JSON Web Key Set (RFC 7517 §5).
package enum KeySetReader {
    /// Bytes of a PEM; an 8192-bit key takes about 1,500.
    package static let maxPEMBytes = 16 * 1024
    package static let maxKeySetBytes = 128 * 1024
    /// Keys of a set that are kept.
    private static let maxKeys = 64

    package static func pem(_ bytes: [UInt8]) throws(KeyFailure) -> RSAPublicKey {
        guard let key = RSAPublicKey(pem: bytes) else { throw .notAPEM }
        return key
    }

    /// The RSA signature keys of a set by their `kid`. Keys of other types, for other uses or without a name are passed
    /// over (RFC 7517 §5 asks for that); a set without one good key is not a key set.
    package static func keySet(_ bytes: [UInt8]) throws(KeyFailure) -> [String: RSAPublicKey] {
        guard let set = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else { throw .notAKeySet }
        var keys: [String: RSAPublicKey] = [:]
        for entry in set.keys.prefix(maxKeys) {
            guard let entry = entry.value, entry.kty == "RSA", (entry.use ?? "sig") == "sig",
                (entry.alg ?? "RS256") == "RS256", let kid = entry.kid, KeyDocument.isSetKeyName(kid),
                let modulus = Base64URL.decode(entry.n ?? ""), let exponent = Base64URL.decode(entry.e ?? ""),
                let key = RSAPublicKey(modulus: modulus, exponent: exponent)
            else { continue }
            // Two keys of one name are a server's mistake; the first is kept, so that neither order is a surprise.
            if keys[kid] == nil { keys[kid] = key }
        }
        guard !keys.isEmpty else { throw .notAKeySet }
        return keys
    }

    private struct Document: Decodable {
        let keys: [Lenient]
    }

    /// An entry whose members have other types than ours is one of those that are passed over.
    private struct Lenient: Decodable {
        let value: Entry?

        init(from decoder: any Decoder) throws { value = try? Entry(from: decoder) }
    }

    private struct Entry: Decodable {
        let kty: String
        let kid: String?
        let use: String?
        let alg: String?
        let n: String?
        let e: String?
    }
}
