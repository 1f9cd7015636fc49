package import TenantDirectory

/// The value of `X-Residency-Route`, which the gateway adds to every request of a tenant: the app puts it where it
/// comes back (an OAuth `state`, a webhook URL), and a line of `routes:` finds the tenant by it.
///
/// `r1-` and the 32 digits of the tenant's id: safe in a URL, in either case, and no secret. It routes, it never
/// authenticates.
package enum RouteValue {
    private static let prefix = Array("r1-".utf8)
    private static let count = 35

    package static func make(for tenant: TenantID) -> String { "r1-\(tenant)" }

    /// - Returns: the tenant, if the bytes are such a value, alone or with text of the app's own behind a `.`, `:`, `~`
    ///   or `|` (an OAuth `state` needs a random part).
    package static func tenant(in bytes: some Collection<UInt8>) -> TenantID? {
        guard bytes.count >= count else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < prefix.count {
                guard byte.lowerCased == prefix[index] else { return nil }
            } else if index < count {
                guard let digit = byte.hexadecimalDigit else { return nil }
                if index < prefix.count + 16 {
                    halves.0 = halves.0 << 4 | UInt64(digit)
                } else {
                    halves.1 = halves.1 << 4 | UInt64(digit)
                }
            } else {
                guard
                    byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "~")
                        || byte == UInt8(ascii: "|")
                else { return nil }
                break
            }
        }
        return TenantID(high: halves.0, low: halves.1)
    }
}
