import NIOSSL

/// A certificate with its key, read and found to be usable now.
struct LoadedCertificate: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// The host names it is shown for, in lower case.
    let names: [String]
    /// The host names in it, in lower case.
    let ownNames: [String]
    /// Seconds since 1970 at which the first of the chain runs out.
    let expiry: Int64

    /// - Parameter now: seconds since 1970.
    /// - Throws: the first fault of each of the two files.
    init(_ files: CertificateFiles, now: Int64) throws(TLSFaults) {
        var faults: [TLSFault] = []
        let chain = Self.noting(&faults) { () throws(TLSFault) in
            let chain = try PEMFile.certificates(files.chainFile)
            try Self.check(chain, files.chainFile, now: now)
            return chain
        }
        let key = Self.noting(&faults) { () throws(TLSFault) in try PEMFile.key(files.keyFile) }
        guard let chain, let key, let leaf = chain.first else { throw TLSFaults(faults) }
        guard Self.match(chain, key) else {
            throw TLSFaults([
                TLSFault(
                    files.keyFile,
                    "is not the key of the certificate in \(files.chainFile); give the two that were made together")
            ])
        }
        self.chain = chain
        self.key = key
        ownNames = leaf.dnsNames
        names = files.names.isEmpty ? ownNames : files.names.map(CertificateName.normal)
        expiry = chain.map { Int64($0.notValidAfter) }.min() ?? 0
    }

    /// The names it is shown for that are not in it: a client that asks for one of them will refuse it.
    var uncoveredNames: [String] {
        names.filter { name in !ownNames.contains { CertificateName.covers($0, name) } }
    }

    private static func noting<Value>(
        _ faults: inout [TLSFault], _ body: () throws(TLSFault) -> Value
    ) -> Value? {
        do throws(TLSFault) {
            return try body()
        } catch {
            faults.append(error)
            return nil
        }
    }

    private static func check(_ chain: [NIOSSLCertificate], _ file: String, now: Int64) throws(TLSFault) {
        for (index, certificate) in chain.enumerated() {
            let which = index == 0 ? "" : ": certificate \(index + 1) of the chain"
            guard now <= Int64(certificate.notValidAfter) else {
                throw TLSFault(
                    file,
                    "has expired\(which), on \(UTCTime.text(Int64(certificate.notValidAfter))); put a new certificate "
                        + "and its key in its place")
            }
            guard now >= Int64(certificate.notValidBefore) else {
                throw TLSFault(
                    file,
                    "is not valid yet\(which), but from \(UTCTime.text(Int64(certificate.notValidBefore))) on; look at "
                        + "this machine's clock, or wait")
            }
        }
    }

    /// BoringSSL compares the two when both are given to a context.
    private static func match(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> Bool {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        return (try? NIOSSLContext(configuration: configuration)) != nil
    }
}

extension NIOSSLCertificate {
    /// The host names among the subject's alternative names, in lower case. The common name is not looked at, as no
    /// client does (RFC 9525 §6.1).
    var dnsNames: [String] {
        _subjectAlternativeNames().filter { $0.nameType == .dnsName }.map {
            CertificateName.normal(String(decoding: $0.contents, as: UTF8.self))
        }
    }
}
