package import TenantDirectory

/// How an app knows that a call of the contract is the gateway's: HMAC-SHA256 with the store's secret over everything
/// that the call says, and the time, so that nobody can make a call of what was overheard, nor make it again later.
package enum StoreCallSignature {
    /// Seconds since 1970.
    package static let timeField = "X-Residency-Time"
    /// 64 lower-case hexadecimal digits.
    package static let signatureField = "X-Residency-Signature"
    /// Seconds by which the clocks of the two sides may differ.
    package static let leewaySeconds: Int64 = 300

    /// - Parameters:
    ///   - target: path and query as they are sent.
    ///   - time: seconds since 1970.
    package static func sign(
        method: String, target: String, time: Int64, body: [UInt8], key: HMACKey
    ) -> String {
        Hexadecimal.lowerCase(
            key.authenticationCode(for: message(method: method, target: target, time: time, body: body)))
    }

    /// Whether a call was signed with this key, not long ago.
    package static func isValid(
        _ signature: String, method: String, target: String, time: Int64, body: [UInt8], key: HMACKey, now: Int64
    ) -> Bool {
        guard time >= now - leewaySeconds, time <= now + leewaySeconds else { return false }
        let expected = sign(method: method, target: target, time: time, body: body, key: key)
        return ConstantTime.areEqual(Array(expected.utf8), Array(signature.utf8))
    }

    /// Four lines: method, target, time, and the body's SHA-256 in hexadecimal digits.
    private static func message(method: String, target: String, time: Int64, body: [UInt8]) -> [UInt8] {
        Array("\(method)\n\(target)\n\(time)\n\(SHA256.hexDigest(of: body))".utf8)
    }
}
