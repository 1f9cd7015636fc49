import TenantDirectory

/// Tokens as the host makes them (connect-protocol §4, §8.3). Written without the gateway's own reader, so that each
/// checks the other.
enum HostToken {
    /// A token signed with a shared secret.
    static func hs256(_ claims: JSONValue, secret: String) -> String {
        let head = signed(["typ": "JWT", "alg": "HS256"], claims)
        let code = HMACKey(Secret(secret))?.authenticationCode(for: Array(head.utf8)) ?? []
        return "\(head).\(Base64URL.encode(code))"
    }

    /// A token signed with one of the host's key pairs.
    static func rs256(_ claims: JSONValue, _ pair: HostKeyPair) -> String {
        let head = signed(["typ": "JWT", "alg": "RS256", "kid": .text(pair.kid)], claims)
        return "\(head).\(Base64URL.encode(pair.key.signRS256(Array(head.utf8)) ?? []))"
    }

    private static func signed(_ header: JSONValue, _ claims: JSONValue) -> String {
        "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
    }

    /// The hash of a request (connect-protocol §4.7).
    /// - Parameters:
    ///   - path: relative to the base URL, not decoded.
    ///   - parameters: decoded; `jwt` does not count.
    static func queryHash(method: String, path: String, parameters: [(name: String, value: String)]) -> String {
        var canonicalPath = path.replacing("&", with: "%26")
        if canonicalPath.hasSuffix("/") { canonicalPath.removeLast() }
        if !canonicalPath.hasPrefix("/") { canonicalPath = "/" + canonicalPath }
        let groups = Dictionary(grouping: parameters.filter { $0.name != "jwt" }) { PercentCoding.encode($0.name) }
        let pairs = groups.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, group in
            let values = group.map(\.value).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            return "\(name)=\(values.map(PercentCoding.encode).joined(separator: ","))"
        }
        let canonical = "\(method.uppercased())&\(canonicalPath)&\(pairs.joined(separator: "&"))"
        return SHA256.hexDigest(of: Array(canonical.utf8))
    }
}

/// RFC 3986 encoding of names and values.
enum PercentCoding {
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    static func query(_ parameters: [(name: String, value: String)]) -> String {
        parameters.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }
}
