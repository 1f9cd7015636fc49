import Foundation
import NIOSSL

/// Reads the files that TLS needs. Blocks, so never on an event loop.
enum PEMFile {
    /// Certificates and keys take a few kilobytes; the system's list of authorities some hundred.
    private static let maximumBytes = 4 << 20

    /// - Returns: at least one certificate.
    static func certificates(_ path: String) throws(TLSFault) -> [NIOSSLCertificate] {
        let bytes = try bytes(path)
        guard contains(bytes, "-----BEGIN CERTIFICATE-----"),
            let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty
        else {
            throw TLSFault(path, "holds no certificate that can be read; it must be PEM, with BEGIN CERTIFICATE lines")
        }
        return certificates
    }

    static func key(_ path: String) throws(TLSFault) -> NIOSSLPrivateKey {
        let bytes = try bytes(path)
        // The two forms of an encrypted PEM: PKCS#8, and the older one with a header.
        if contains(bytes, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || contains(bytes, "Proc-Type: 4,ENCRYPTED") {
            throw TLSFault(
                path,
                "is an encrypted key, and nobody is there to give the pass phrase; decrypt it with "
                    + "`openssl pkey -in FILE -out FILE`, in a file that its owner alone can read")
        }
        guard contains(bytes, "PRIVATE KEY-----"), let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw TLSFault(path, "holds no private key that can be read; it must be PEM, with a BEGIN PRIVATE KEY line")
        }
        return key
    }

    private static func bytes(_ path: String) throws(TLSFault) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw unreadable(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TLSFault(path, "is not a file; give the path of a PEM file")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw unreadable(path) }
        guard data.count <= maximumBytes else { throw TLSFault(path, "is too large for a PEM file") }
        return Array(data)
    }

    private static func unreadable(_ path: String) -> TLSFault {
        FileManager.default.fileExists(atPath: path)
            ? TLSFault(path, "cannot be read; let the gateway's user read it")
            : TLSFault(path, "is not there; give the path of a PEM file, relative to the configuration file")
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        Data(bytes).range(of: Data(text.utf8)) != nil
    }
}
