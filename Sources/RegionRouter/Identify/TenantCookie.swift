package import TenantDirectory

/// The gateway's own cookie: which tenant a browser was last seen with. It routes, it never authenticates.
///
/// `__Host-residency-<tenant id>=<expiry>.<signature>`, one a tenant. The prefix makes browsers take it from this very
/// host alone, and over TLS; `Partitioned` keeps the sites apart in which the app is framed.
package struct TenantCookie: Sendable {
    private static let prefix = Array("__Host-residency-".utf8)
    private static let idLength = 32

    private let key: HMACKey
    private let lifetimeSeconds: Int64

    /// - Returns: `nil` for an empty key.
    package init?(_ configuration: TenantCookieConfiguration) {
        guard let key = HMACKey(configuration.key) else { return nil }
        self.key = key
        self.lifetimeSeconds = max(1, configuration.lifetime.components.seconds)
    }

    /// The value of a `Set-Cookie` field.
    /// - Parameter now: seconds since 1970.
    package func setCookie(for tenant: TenantID, now: Int64) -> String {
        let expiry = now + lifetimeSeconds
        let signature = Base64URL.encode(key.authenticationCode(for: Self.signedText(tenant.description.utf8, expiry)))
        let value = "__Host-residency-\(tenant)=\(expiry).\(signature)"
        return value + "; Path=/; Max-Age=\(lifetimeSeconds); Secure; HttpOnly; SameSite=None; Partitioned"
    }

    /// The tenant of the request's cookie. More than one such cookie counts as none; so does one that is not ours or
    /// has expired.
    func tenant(_ bytes: UnsafeRawBufferPointer, _ cookies: [Range<Int>], now: Int64) -> TenantID? {
        var found: (id: Range<Int>, value: Range<Int>)?
        for line in cookies {
            var start = line.lowerBound
            while start < line.upperBound {
                let end = bytes[start..<line.upperBound].firstIndex(of: UInt8(ascii: ";")) ?? line.upperBound
                if let parts = Self.parts(bytes, start..<end) {
                    guard found == nil else { return nil }
                    found = parts
                }
                start = end + 1
            }
        }
        guard let found else { return nil }
        return verified(bytes, id: found.id, value: found.value, now: now)
    }

    /// Splits one `name=value`; `nil` for a cookie of another name.
    private static func parts(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>) -> (
        id: Range<Int>, value: Range<Int>
    )? {
        var start = place.lowerBound
        var end = place.upperBound
        while start < end, bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t") { start += 1 }
        while end > start, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") { end -= 1 }
        guard end - start > prefix.count, bytes[start..<start + prefix.count].elementsEqual(prefix) else { return nil }
        let name = start + prefix.count
        let equals = bytes[name..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
        return (name..<equals, min(equals + 1, end)..<end)
    }

    private func verified(_ bytes: UnsafeRawBufferPointer, id: Range<Int>, value: Range<Int>, now: Int64) -> TenantID? {
        guard id.count == Self.idLength, let tenant = TenantID(String(decoding: bytes[id], as: UTF8.self)),
            let stop = bytes[value].firstIndex(of: UInt8(ascii: ".")), stop - value.lowerBound <= 12,
            let expiry = Int64(String(decoding: bytes[value.lowerBound..<stop], as: UTF8.self)), now < expiry,
            let signature = Base64URL.decode(Array(bytes[stop + 1..<value.upperBound]))
        else { return nil }
        let text = Self.signedText(bytes[id], expiry)
        let isSigned = signature.withUnsafeBytes { signature in
            text.withUnsafeBytes { key.isValid(signature, for: $0) }
        }
        return isSigned ? tenant : nil
    }

    private static func signedText(_ id: some Sequence<UInt8>, _ expiry: Int64) -> [UInt8] {
        Array("residency-cookie 1 ".utf8) + Array(id) + Array(" \(expiry)".utf8)
    }
}
