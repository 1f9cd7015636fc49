package import NIOCore
import NIOSSL

/// Who is at the other end of a connection, by the certificate it has shown and that was verified.
package struct PeerCertificate: Sendable, Equatable {
    /// The DNS names among the subject's alternative names, in lower case: a node's certificate has its id here. The
    /// common name is not looked at.
    package let names: [String]

    package init(names: [String]) { self.names = names }

    /// The same with those names alone that a list allows, in which `*.example.com` is for one label more; all of them
    /// for an empty list.
    /// - Returns: `nil` where the list allows none.
    package func allowed(by list: [String]) -> PeerCertificate? {
        guard !list.isEmpty else { return self }
        let allowed = names.filter { name in list.contains { CertificateName.covers(CertificateName.normal($0), name) }
        }
        return allowed.isEmpty ? nil : PeerCertificate(names: allowed)
    }

    /// Of a channel behind a TLS handler whose handshake is done; on the channel's event loop.
    /// - Returns: `nil` where the other end has shown none, or the channel has no TLS.
    package static func of(_ channel: any Channel) -> PeerCertificate? {
        guard let shown = try? channel.pipeline.syncOperations.nioSSL_peerCertificate() else { return nil }
        return PeerCertificate(names: shown.dnsNames)
    }
}
