import Foundation
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("The connection to a PostgreSQL directory over TLS", .timeLimit(.minutes(3)))
final class PostgresTLSTests {
    private let folder: ScratchFolder
    private let certificates: PostgresCertificates

    init() throws {
        folder = try ScratchFolder()
        certificates = try PostgresCertificates(in: folder.file(""))
    }

    /// What comes of a first use; `nil` where it is answered.
    private func refusal(_ url: String) async -> DirectoryError? {
        do {
            let store = try PostgresStore(.patient(url), sealer: .test())
            defer { store.close() }
            try await store.prepare()
            return nil
        } catch {
            return error as? DirectoryError
        }
    }

    private func verifying(_ cluster: PostgresCluster) -> String {
        cluster.url(mode: "verify-full") + "&sslrootcert=\(certificates.authority)"
    }

    @Test("is made where the certificate is by the named authority and for the host")
    func good() async throws {
        let cluster = try await PostgresCluster.own(certificates, .good)
        #expect(await refusal(verifying(cluster)) == nil)
        #expect(await refusal(cluster.url(mode: "require")) == nil)
        cluster.end()
    }

    @Test(
        "is refused where the certificate has expired or is for another host, and says what to do",
        arguments: [PostgresCertificates.Kind.expired, .mismatched])
    func bad(kind: PostgresCertificates.Kind) async throws {
        let cluster = try await PostgresCluster.own(certificates, kind)
        let error = try #require(await refusal(verifying(cluster)))
        #expect(error.code == .unavailable)
        #expect(error.message.contains("certificate"))
        #expect(error.message.contains("sslrootcert"))
        #expect(error.description.contains(kind == .expired ? "certificate verify failed" : "db.example"))
        #expect(!error.description.contains(PostgresCluster.password))
        cluster.end()
    }

    @Test("is refused where the authority is another, is missing, or the server has no TLS")
    func untrusted() async throws {
        let cluster = try await PostgresCluster.own(certificates, .good)
        let other = try ScratchFolder()
        let stranger = try PostgresCertificates(in: other.file(""))
        for file in [stranger.authority, other.file("nowhere.crt")] {
            let url = cluster.url(mode: "verify-full") + "&sslrootcert=\(file)"
            let error = try #require(await refusal(url))
            #expect(error.message.contains("sslrootcert"))
        }
        cluster.end()
        let plain = try await PostgresCluster.shared()
        let error = try #require(await refusal(verifying(plain)))
        #expect(error.message.contains("TLS"))
    }

    @Test("takes the password from PGPASSFILE's form of file, and says what to do where it is not there")
    func passwordFile() async throws {
        let cluster = try await PostgresCluster.shared()
        let file = folder.file("pgpass")
        try Data("127.0.0.1:\(cluster.port):*:\(PostgresCluster.user):\(PostgresCluster.password)\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let bare = try await cluster.newSchema().replacing(":\(PostgresCluster.password)@", with: "@")
        #expect(await refusal(bare + "&passfile=\(file)") == nil)
        let error = try #require(await refusal(bare + "&passfile=\(folder.file("nowhere"))"))
        #expect(error.message.contains("PGPASSFILE"))
    }
}
