import TenantDirectory

/// Who a request came from, and how: what the gateway tells the app in `X-Forwarded-*` and `Forwarded`.
struct ClientOrigin: Equatable {
    var address: String
    var scheme: String
    /// It came by HTTP/2.
    var isStream = false

    /// The client that the fields of a trusted proxy name: the rightmost entry that is not itself a trusted proxy.
    ///
    /// - Parameter entries: the values of `X-Forwarded-For`, in the order of the lines.
    static func client(
        behind peer: String, entries: [Substring], trusted: [AddressRange]
    ) -> String {
        for value in entries.reversed() {
            for entry in value.split(separator: ",").reversed() {
                guard let address = address(in: entry) else { return peer }
                if !trusted.contains(where: { $0.contains(address) }) { return address.description }
            }
        }
        return peer
    }

    /// An entry may carry a port (`192.0.2.1:1234`, `[2001:db8::1]:1234`). What is not an address ends the chain: all
    /// to its left is hearsay.
    private static func address(in entry: Substring) -> IPAddress? {
        let text = entry.filter { $0 != " " && $0 != "\t" }
        if let address = IPAddress(text) { return address }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return IPAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        return IPAddress(String(text[..<colon]))
    }

    /// The block of field lines for the app.
    func fieldLines(host: String) -> [UInt8] {
        let node = address.contains(":") ? "\"[\(address)]\"" : address
        // RFC 7239 §4: a host with a port must be quoted.
        let text = """
            X-Forwarded-For: \(address)\r
            X-Forwarded-Proto: \(scheme)\r
            X-Forwarded-Host: \(host)\r
            Forwarded: for=\(node);host="\(host)";proto=\(scheme)\r
            Via: \(isStream ? "2.0" : "1.1") residency-gateway\r

            """
        return Array(text.utf8)
    }
}

extension ClientOrigin {
    /// A client that is connected directly.
    init(address: String, link: ClientLink) {
        self.init(address: address, scheme: link.isSecure ? "https" : "http", isStream: link.isStream)
    }
}
