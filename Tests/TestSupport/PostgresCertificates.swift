import Foundation

/// An authority of a test's own and server certificates by it, made with the system's openssl.
package struct PostgresCertificates: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case good
        /// Its time is over.
        case expired
        /// For another host.
        case mismatched
    }

    private let folder: String

    /// - Parameter folder: where the files are made; the caller removes it.
    package init(in folder: String) throws {
        self.folder = folder
        try Self.openssl(
            ["req", "-x509", "-days", "30", "-subj", "/CN=authority of a test"] + Self.newKey(file("ca.key"))
                + ["-out", authority])
        for kind in Kind.allCases {
            let name = kind == .mismatched ? "DNS:db.example" : "IP:127.0.0.1"
            try Data("subjectAltName=\(name)\n".utf8).write(to: URL(fileURLWithPath: file("names")))
            try Self.openssl(
                ["req", "-subj", "/CN=\(kind == .mismatched ? "db.example" : "127.0.0.1")"]
                    + Self.newKey(key(kind)) + ["-out", file("request")])
            try Self.openssl(
                [
                    "x509", "-req", "-in", file("request"), "-CA", authority, "-CAkey", file("ca.key"),
                    "-CAcreateserial", "-extfile", file("names"), "-days", kind == .expired ? "-1" : "30", "-out",
                    certificate(kind),
                ])
        }
    }

    /// The certificate that clients trust.
    package var authority: String { file("ca.crt") }

    package func certificate(_ kind: Kind) -> String { file("\(kind.rawValue).crt") }

    package func key(_ kind: Kind) -> String { file("\(kind.rawValue).key") }

    private func file(_ name: String) -> String { "\(folder)/\(name)" }

    private static func newKey(_ file: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file]
    }

    private static func openssl(_ arguments: [String]) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try FileHandle(forWritingTo: file)
        let status = Spawn.ending(
            of: try Spawn.start(
                "/usr/bin/openssl", arguments, in: "/tmp", output: output.fileDescriptor,
                errors: output.fileDescriptor))
        guard status == 0 else {
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            throw PostgresCluster.Unavailable(description: "openssl \(arguments.joined(separator: " ")): \(text)")
        }
    }
}
