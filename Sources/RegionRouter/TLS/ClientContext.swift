package import NIOSSL
import TenantDirectory

/// What is needed to call a server by TLS: read once, replaced as a whole when files change.
package struct ClientContext: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?
    /// Seconds since 1970 at which the client certificate runs out, and its file; `nil` where there is none.
    package let expiry: (time: Int64, file: String)?

    /// Reads all files. Blocks, so never on an event loop.
    /// - Parameter now: seconds since 1970.
    /// - Throws: everything that is wrong with any of the files.
    package init(_ tls: ClientTLS, now: Int64) throws(TLSFaults) {
        var faults: [TLSFault] = []
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.takeOnlyStrongTLS()
        configuration.applicationProtocols = [ServerTLS.ApplicationProtocol.http1.rawValue]
        if let file = tls.authorityFile {
            do throws(TLSFault) {
                configuration.trustRoots = .certificates(try PEMFile.certificates(file))
            } catch {
                faults.append(error)
            }
        }
        var expiry: (Int64, String)?
        if let files = tls.certificate {
            do throws(TLSFaults) {
                let certificate = try LoadedCertificate(files, now: now)
                configuration.certificateChain = certificate.chain.map { .certificate($0) }
                configuration.privateKey = .privateKey(certificate.key)
                expiry = (certificate.expiry, files.chainFile)
            } catch {
                faults += error.list
            }
        }
        guard faults.isEmpty else { throw TLSFaults(faults) }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            let file = tls.authorityFile ?? "The system's list of authorities"
            throw TLSFaults([TLSFault(file, "cannot be used: \(error)")])
        }
        serverName = tls.serverName
        self.expiry = expiry
    }

    /// The first handler of a connection to `host`: verifies that the server is the one that was meant, or closes.
    ///
    /// A host that is an address is looked for among the addresses in the certificate.
    /// - Throws: for a name that cannot stand in a certificate.
    package func handler(for host: String) throws -> NIOSSLClientHandler {
        let name = serverName ?? host
        return try NIOSSLClientHandler(context: context, serverHostname: IPAddress(name) == nil ? name : nil)
    }
}
