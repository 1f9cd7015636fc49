package import NIOCore
import NIOSSL

/// Who is at the other end of a connection, by the certificate it has shown and that was verified.
package struct PeerCertificate: Sendable, Equatable {
    /// The DNS names among the subject's alternative names, in lower case: a node's certificate has its id here. The
    /// common name is not looked at.
    package let names: [String]

    package init(names: [String]) { self.names = names }

    /// Of a channel behind a TLS handler whose handshake is done; on the channel's event loop.
    /// - Returns: `nil` where the other end has shown none, or the channel has no TLS.
    package static func of(_ channel: any Channel) -> PeerCertificate? {
        guard let shown = try? channel.pipeline.syncOperations.nioSSL_peerCertificate() else { return nil }
        return PeerCertificate(names: shown.dnsNames)
    }
}
