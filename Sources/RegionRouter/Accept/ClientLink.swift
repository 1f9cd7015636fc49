import TenantDirectory

/// What a client's connection stands on: what was found before its first byte of HTTP.
struct ClientLink: Sendable {
    /// Which listener it has come in by.
    var door = Door.host
    /// The certificate that the client has shown and that was verified; for the peers' listener.
    var certificate: PeerCertificate?
    /// TLS: the scheme of all its requests is https.
    var isSecure = false
    /// A stream of HTTP/2, whose connection is another's.
    var isStream = false
    /// The PROXY header has been read, where one was due.
    var proxyHeaderRead = false
    /// The client's address, where that header has named it.
    var client: IPAddress?

    /// Whether answers may speak of TLS to who has called: between nodes they pass on what is for somebody else.
    var isPublicAndSecure: Bool { isSecure && door == .host }
}
