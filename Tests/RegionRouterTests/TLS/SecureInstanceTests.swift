import Foundation
import RegionRouter
import TestSupport
import Testing

@Suite("An app instance that is called by TLS", .timeLimit(.minutes(2)))
struct SecureInstanceTests {
    /// A second router with TLS stands for the instance; what it is sent goes on to one without.
    private func status(
        _ client: @escaping @Sendable (SecureSite) throws -> ClientTLS?
    ) async throws -> (status: Int, text: String) {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        let tls = try client(site)
        let context = try tls.map { tls in try Renewable(tls) { WallClock.seconds() } }
        return try await RouterFixture.run(certificates: site.certificates) { instance in
            try await RouterFixture.run(
                certificates: RouterCertificates(app: context),
                change: { configuration in
                    for region in configuration.instances.keys {
                        configuration.instances[region] = [
                            UpstreamAddress(host: "127.0.0.1", port: instance.port, isSecure: true)
                        ]
                    }
                }
            ) { fixture in
                let socket = try fixture.connect()
                try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                let response = try socket.receiveResponse()
                return (response.status, response.text)
            }
        }
    }

    @Test("is called where its certificate is the authority's and has the name that was meant")
    func verified() async throws {
        let answer = try await status { site in
            ClientTLS(authorityFile: site.authority.certificateFile, serverName: "eu.example.com")
        }
        #expect(answer.status == 200 && answer.text.contains("X-Forwarded-Proto: https\r\n"))
    }

    @Test("is sent nothing where its certificate is another's, has another name, or there is no TLS to call it with")
    func refused() async throws {
        #expect(try await status { _ in ClientTLS(serverName: "eu.example.com") }.status == 502)
        #expect(
            try await status { ClientTLS(authorityFile: $0.authority.certificateFile, serverName: "other.org") }.status
                == 502)
        #expect(try await status { ClientTLS(authorityFile: $0.authority.certificateFile) }.status == 502)
        #expect(try await status { _ in nil }.status == 502)
    }
}
