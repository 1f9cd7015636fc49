import Foundation
package import RegionRouter

/// An authority of a test's own, and certificates that it has signed, made by the `openssl` command in a folder.
package struct TestAuthority: Sendable {
    /// PEM: the authority's own certificate.
    package let certificateFile: String
    private let keyFile: String
    private let folder: String

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package init(in folder: String, name: String = "test-authority") throws {
        self.folder = folder
        certificateFile = "\(folder)/\(name).pem"
        keyFile = "\(folder)/\(name)-key.pem"
        try Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", keyFile, "-out", certificateFile,
        ])
    }

    /// A certificate for some names (DNS names, or `IP:127.0.0.1`) and its key, as `NAME.pem` and `NAME-key.pem`.
    /// - Parameter days: how long it lasts; a negative number for one that has run out.
    package func issue(_ name: String, for names: [String], days: Int = 30) throws -> CertificateFiles {
        let files = CertificateFiles(chainFile: "\(folder)/\(name).pem", keyFile: "\(folder)/\(name)-key.pem")
        let (request, extensions) = ("\(folder)/\(name).csr", "\(folder)/\(name).ext")
        let subjects = names.map { $0.hasPrefix("IP:") ? $0 : "DNS:\($0)" }.joined(separator: ",")
        try "subjectAltName=\(subjects)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        try Self.openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", files.keyFile, "-out", request,
        ])
        try Self.openssl([
            "x509", "-req", "-in", request, "-CA", certificateFile, "-CAkey", keyFile, "-CAcreateserial",
            "-days", "\(days)", "-extfile", extensions, "-out", files.chainFile,
        ])
        return files
    }

    /// Runs `openssl` to its end.
    package static func openssl(_ arguments: [String]) throws {
        let status = Spawn.ending(of: try Spawn.start("/usr/bin/openssl", arguments))
        guard status == 0 else {
            throw Failure(description: "openssl \(arguments.joined(separator: " ")) ended with \(status)")
        }
    }
}
