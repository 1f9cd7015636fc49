package import TenantDirectory

/// Which addresses a control call may reach: public ones, and those of `outbound.allow`.
///
/// Asked with the address a connection is about to be made to, after resolution, so that a name cannot point into the
/// private network by changing between the check and the call.
package struct AddressPolicy: Sendable {
    private let allow: [AddressRange]

    package init(allow: [AddressRange]) { self.allow = allow }

    package func permits(_ address: IPAddress) -> Bool {
        if allow.contains(where: { $0.contains(address) }) { return true }
        if let inner = Self.translated(address) { return permits(inner) }
        return !Self.special.contains { $0.contains(address) }
    }

    /// The IPv4 address inside a NAT64 address (RFC 6052 §2.1), which reaches it.
    private static func translated(_ address: IPAddress) -> IPAddress? {
        guard nat64?.contains(address) == true else { return nil }
        return IPAddress(bytes: Array(address.bytes.suffix(4)))
    }

    private static let nat64 = AddressRange("64:ff9b::/96")

    /// IANA's special-purpose address registries (RFC 6890 and successors).
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    ].compactMap { AddressRange($0) }
}
