/// How a listener speaks TLS, as the configuration says it.
package struct ServerTLS: Sendable, Hashable {
    /// At least one; the first is shown to clients that name no host, or one that no certificate is for.
    package var certificates: [CertificateFiles]
    /// PEM: where given, a client must show a certificate that one of these authorities has signed.
    package var clientAuthorityFile: String?
    /// Offered by ALPN, the preferred one first.
    package var protocols: [ApplicationProtocol]

    /// What is spoken inside of TLS.
    package enum ApplicationProtocol: String, Sendable, CaseIterable {
        case http2 = "h2"
        case http1 = "http/1.1"
    }

    package init(
        certificates: [CertificateFiles], clientAuthorityFile: String? = nil,
        protocols: [ApplicationProtocol] = [.http2, .http1]
    ) {
        self.certificates = certificates
        self.clientAuthorityFile = clientAuthorityFile
        self.protocols = protocols
    }

    /// Every file it is made of.
    package var files: [String] {
        certificates.flatMap { [$0.chainFile, $0.keyFile] } + [clientAuthorityFile].compactMap { $0 }
    }
}
