/// How an https server and the client prove to each other who they are: PEM files, each `nil` for none of one's own.
package struct OutboundTLS: Sendable, Equatable {
    /// The authorities that may have signed the server's certificate; `nil` for those of the system.
    package var authorityFile: String?
    /// The certificate chain that is shown to a server that asks for one.
    package var chainFile: String?
    /// The chain's private key.
    package var keyFile: String?

    package init(authorityFile: String? = nil, chainFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.chainFile = chainFile
        self.keyFile = keyFile
    }
}
