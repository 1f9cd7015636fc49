/// How a server is called by TLS, as the configuration says it. The server's certificate is always verified.
package struct ClientTLS: Sendable, Hashable {
    /// PEM: the authorities that may have signed the server's certificate; `nil` for those of the system.
    package var authorityFile: String?
    /// What is shown to a server that asks for a certificate.
    package var certificate: CertificateFiles?
    /// The name the server's certificate must have, and that is asked for by SNI; `nil` for the host of its URL.
    package var serverName: String?

    package init(authorityFile: String? = nil, certificate: CertificateFiles? = nil, serverName: String? = nil) {
        self.authorityFile = authorityFile
        self.certificate = certificate
        self.serverName = serverName
    }

    /// Every file it is made of.
    package var files: [String] {
        [authorityFile, certificate?.chainFile, certificate?.keyFile].compactMap { $0 }
    }
}
