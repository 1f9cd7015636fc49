package import RegionRouter

/// Certificates for a router's host names in a folder, and what a router takes of them.
package struct SecureSite: Sendable {
    package let authority: TestAuthority
    package let certificates: RouterCertificates
    package let listen: Renewable<ServerContexts>

    /// One certificate for each list of names, in files named `site-0`, `site-1` …
    package init(in folder: String, names: [[String]] = [["eu.example.com", "us.example.com", "app.example.com"]])
        throws
    {
        authority = try TestAuthority(in: folder)
        var files: [CertificateFiles] = []
        for (index, names) in names.enumerated() { files.append(try authority.issue("site-\(index)", for: names)) }
        listen = try Renewable(ServerTLS(certificates: files)) { WallClock.seconds() }
        certificates = RouterCertificates(listen: listen)
    }
}
