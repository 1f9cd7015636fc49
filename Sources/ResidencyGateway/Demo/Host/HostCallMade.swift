/// A call as the host is about to make it: everything curl needs.
struct HostCallMade: Sendable {
    /// What it is, in a few words: `page`, `installed`.
    let title: String
    let method: String
    let url: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// The call for a client that does not resolve names under `.localhost`: to the loopback address, with the name in
    /// `Host`.
    func outbound(timeout: Duration) -> OutboundRequest {
        var url = url
        var headers = headers
        if let scheme = url.firstRange(of: "://") {
            let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            let parts = authority.split(separator: ":")
            if let name = parts.first, name.hasSuffix(".localhost") {
                headers.append(("Host", String(authority)))
                let port = parts.count > 1 ? ":\(parts[1])" : ""
                url.replaceSubrange(authority.startIndex..<authority.endIndex, with: "127.0.0.1\(port)")
            }
        }
        return OutboundRequest(
            url: url, method: method, headers: headers, body: body, maxBytes: 4 * 1024 * 1024, timeout: timeout)
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
