import RegionRouter
import TenantDirectory

/// Where a node's listener for peers is, as its row in the directory says.
enum PeerAddress {
    /// `nil` where the node has none, or says it in a form that this release does not know.
    static func of(_ node: NodeRecord) -> UpstreamAddress? { node.addresses["peers"].flatMap(read) }

    /// `10.0.0.7:8443`, or `https://10.0.0.7:8443` where the node's listener has TLS.
    private static func read(_ text: String) -> UpstreamAddress? {
        let isSecure = text.hasPrefix(NodeDescription.secureMark)
        let text = text.trimmingPrefix(NodeDescription.secureMark)
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon].trimmingPrefix("[")
        return UpstreamAddress(
            host: String(host.hasSuffix("]") ? host.dropLast() : host), port: port, isSecure: isSecure)
    }
}
