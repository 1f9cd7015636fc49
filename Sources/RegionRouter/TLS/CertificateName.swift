/// Host names as certificates have them (RFC 9525 §6.3): exact, or with a `*` for the whole first label.
package enum CertificateName {
    /// Whether a certificate for `pattern` is one for `host`; both in lower case, without a port.
    package static func covers(_ pattern: String, _ host: String) -> Bool {
        if pattern == host { return true }
        guard pattern.hasPrefix("*."), let parent = parent(of: host) else { return false }
        return pattern.dropFirst(2) == parent
    }

    /// What follows the first label: `example.com` of `eu.example.com`; `nil` for a name of one label.
    static func parent(of host: some StringProtocol) -> String? {
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return nil }
        let rest = host[host.index(after: dot)...]
        return rest.isEmpty ? nil : String(rest)
    }

    /// As it is compared: in lower case, without the dot that may end a full name.
    static func normal(_ name: some StringProtocol) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}
