/// A certificate and its key, as they are named in the configuration. Nothing has been read yet.
package struct CertificateFiles: Sendable, Hashable {
    /// PEM: the certificate itself first, then those that lead to an authority.
    package var chainFile: String
    /// PEM: the private key, not encrypted.
    package var keyFile: String
    /// Host names it is shown for, in lower case, `*.example.com` among them; empty for those in the certificate.
    package var names: [String]

    package init(chainFile: String, keyFile: String, names: [String] = []) {
        self.chainFile = chainFile
        self.keyFile = keyFile
        self.names = names
    }
}
