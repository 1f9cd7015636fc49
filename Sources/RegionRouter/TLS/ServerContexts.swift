package import NIOSSL

/// What a listener shows to whom: one context a certificate, found by the name a client asks for. A value, replaced as
/// a whole when files change; connections keep the context they began with.
package struct ServerContexts: Sendable {
    private let exact: [String: NIOSSLContext]
    /// By what follows the `*.`.
    private let wildcards: [String: NIOSSLContext]
    private let standard: NIOSSLContext
    /// The host names in the certificates, wildcards among them.
    package let names: [String]
    /// Seconds since 1970 at which the first certificate runs out, and its file.
    package let expiry: (time: Int64, file: String)
    /// What is worth telling about it without refusing to start: sentences.
    package let warnings: [String]

    /// Reads all files. Blocks, so never on an event loop.
    /// - Parameter now: seconds since 1970.
    /// - Throws: everything that is wrong with any of the files.
    package init(_ tls: ServerTLS, now: Int64) throws(TLSFaults) {
        var faults: [TLSFault] = []
        var authorities: [NIOSSLCertificate]?
        if let file = tls.clientAuthorityFile {
            do throws(TLSFault) { authorities = try PEMFile.certificates(file) } catch { faults.append(error) }
        }
        var loaded: [(CertificateFiles, LoadedCertificate, NIOSSLContext)] = []
        for files in tls.certificates {
            do throws(TLSFaults) {
                let certificate = try LoadedCertificate(files, now: now)
                let context = try Self.context(certificate, tls, authorities: authorities, file: files.chainFile)
                loaded.append((files, certificate, context))
            } catch {
                faults += error.list
            }
        }
        guard faults.isEmpty, let first = loaded.first else { throw TLSFaults(faults) }
        standard = first.2
        var exact: [String: NIOSSLContext] = [:]
        var wildcards: [String: NIOSSLContext] = [:]
        var warnings: [String] = []
        for (files, certificate, context) in loaded {
            for name in certificate.names {
                // Of two that are for one name, the one that is named first is shown.
                if name.hasPrefix("*.") {
                    wildcards[String(name.dropFirst(2))] = wildcards[String(name.dropFirst(2))] ?? context
                } else {
                    exact[name] = exact[name] ?? context
                }
            }
            for name in certificate.uncoveredNames {
                warnings.append("\(files.chainFile) is to be shown for \(name), which is not a name in it")
            }
        }
        self.exact = exact
        self.wildcards = wildcards
        self.warnings = warnings
        names = loaded.flatMap { $0.1.ownNames }
        expiry =
            loaded.map { ($0.1.expiry, $0.0.chainFile) }.min { $0.0 < $1.0 } ?? (first.1.expiry, first.0.chainFile)
    }

    /// The context for the name a client asked for by SNI; `nil` for a client that named none.
    package func context(for name: String?) -> NIOSSLContext {
        guard let name = name.map(CertificateName.normal) else { return standard }
        if let context = exact[name] { return context }
        guard let parent = CertificateName.parent(of: name) else { return standard }
        return wildcards[parent] ?? standard
    }

    /// Whether a certificate has the name of a host; in lower case, without a port.
    package func covers(_ host: String) -> Bool { names.contains { CertificateName.covers($0, host) } }

    private static func context(
        _ certificate: LoadedCertificate, _ tls: ServerTLS, authorities: [NIOSSLCertificate]?, file: String
    ) throws(TLSFaults) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificate.chain.map { .certificate($0) }, privateKey: .privateKey(certificate.key))
        configuration.takeOnlyStrongTLS()
        configuration.applicationProtocols = tls.protocols.map(\.rawValue)
        if let authorities {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFaults([TLSFault(file, "cannot be used: \(error)")])
        }
    }
}
