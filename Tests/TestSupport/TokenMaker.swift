import Foundation
package import TenantDirectory

/// Makes tokens as the host, the app or an attacker would.
package enum TokenMaker {
    /// Claims by name; texts, numbers, lists and objects.
    package typealias Claims = [String: any Sendable]

    /// A token signed with HMAC-SHA256; an empty secret is taken as it is, as an attacker would.
    package static func hs256(
        _ claims: Claims, secret: String, header: String = #"{"typ":"JWT","alg":"HS256"}"#
    ) -> String {
        hs256(json: json(claims), secret: Array(secret.utf8), header: header)
    }

    /// As above, of a payload that need not be JSON.
    package static func hs256(
        json: [UInt8], secret: [UInt8], header: String = #"{"typ":"JWT","alg":"HS256"}"#
    ) -> String {
        let message = signedPart(header: header, payload: json)
        return message + "." + Base64URL.encode(hmac(Array(message.utf8), key: secret))
    }

    /// A token signed with a private key.
    package static func rs256(_ claims: Claims, key: RSAPrivateKey, keyID: String = "key-1") -> String {
        rs256(json: json(claims), key: key, header: #"{"typ":"JWT","alg":"RS256","kid":"\#(keyID)"}"#)
    }

    package static func rs256(json: [UInt8], key: RSAPrivateKey, header: String) -> String {
        let message = signedPart(header: header, payload: json)
        return message + "." + Base64URL.encode(key.signRS256(Array(message.utf8)) ?? [])
    }

    /// A token with whatever for a signature.
    package static func unsigned(_ claims: Claims, header: String, signature: String = "") -> String {
        signedPart(header: header, payload: json(claims)) + "." + signature
    }

    /// The claims of a host call.
    package static func hostClaims(
        tenant: String, method: String = "GET", path: String, query: String = "", at now: Int64, lifetime: Int64 = 180
    ) -> Claims {
        let qsh = ReferenceCanonicalRequest(method: method, path: path, query: query).hash(.java)
        return ["iss": tenant, "iat": now, "exp": now + lifetime, "qsh": qsh, "sub": "5b10a2844c20165700ede21g"]
    }

    /// The claims of a Forge invocation token.
    package static func forgeClaims(
        appID: String, installation: String, at now: Int64, environment: String = "PRODUCTION"
    ) -> Claims {
        let app: Claims = [
            "installationId": installation, "apiBaseUrl": "https://api.atlassian.com/ex/jira/cloud-1", "id": appID,
            "appVersion": "1.0.0", "environment": ["type": environment, "id": "environment-1"] as Claims,
            "module": ["type": "xen:macro", "key": "macro-1"] as Claims,
        ]
        return [
            "iss": "forge/invocation-token", "aud": appID, "iat": now, "nbf": now, "exp": now + 25, "jti": "token-1",
            "app": app,
            "context": ["cloudId": "cloud-1", "siteUrl": "https://one.atlassian.net", "localId": "x"] as Claims,
        ]
    }

    package static func json(_ claims: Claims) -> [UInt8] {
        guard let data = try? JSONSerialization.data(withJSONObject: claims, options: [.sortedKeys]) else { return [] }
        return Array(data)
    }

    private static func signedPart(header: String, payload: [UInt8]) -> String {
        Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(payload)
    }

    /// HMAC (RFC 2104) from its definition, so that an empty key can be tried too.
    private static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? SHA256.digest(of: key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = SHA256.digest(of: block.map { $0 ^ 0x36 } + message)
        return SHA256.digest(of: block.map { $0 ^ 0x5C } + inner)
    }
}
