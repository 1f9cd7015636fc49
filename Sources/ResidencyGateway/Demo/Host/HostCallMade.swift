import RealmMigration

/// A call as the host is about to make it: everything curl needs.
struct HostCallMade: Sendable {
    /// What it is, in a few words: `page`, `installed`.
    var title: String
    var method: String
    let url: String
    let headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The call for a client that may not resolve names under `.localhost`: to the loopback address, by the same URL.
    func outbound(timeout: Duration) -> OutboundRequest {
        var server: String?
        if let scheme = url.firstRange(of: "://") {
            let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            let parts = authority.split(separator: ":")
            if let name = parts.first, name.hasSuffix(".localhost") {
                let port = parts.count > 1 ? String(parts[1]) : url.hasPrefix("https") ? "443" : "80"
                server = "127.0.0.1:\(port)"
            }
        }
        return OutboundRequest(
            url: url, method: method, headers: headers, body: body, maxBytes: 4 * 1024 * 1024, timeout: timeout,
            server: server)
    }

    /// The call as a command to type.
    var curl: String {
        var words = ["curl", "-sSi"]
        if method != "GET" { words += ["-X", method] }
        for (name, value) in headers { words += ["-H", quoted("\(name): \(value)")] }
        if !body.isEmpty { words += ["-d", quoted(String(decoding: body, as: UTF8.self))] }
        words.append(quoted(url))
        return words.joined(separator: " ")
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
