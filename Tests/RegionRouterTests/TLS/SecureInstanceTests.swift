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
        return try await status(of: site.certificates, try client(site))
    }

    /// - Parameter certificates: of the instance.
    private func status(
        of certificates: RouterCertificates, _ client: ClientTLS?
    ) async throws -> (status: Int, text: String) {
        let context = try client.map { tls in try Renewable(tls) { WallClock.seconds() } }
        return try await RouterFixture.run(certificates: certificates) { instance in
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

    @Test("that asks for a certificate is shown the gateway's own, and answers to no other")
    func clientCertificate() async throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let stranger = try TestAuthority(in: folder.path, name: "stranger")
        let files = try authority.issue("app", for: ["eu.example.com"])
        let server = ServerTLS(certificates: [files], clientAuthorityFile: authority.certificateFile)
        let listen = try Renewable(server) { WallClock.seconds() }
        for (certificate, expected) in [
            (try authority.issue("gateway", for: ["gateway.internal"]), 200), (nil, 502),
            (try stranger.issue("other", for: ["gateway.internal"]), 502),
        ] {
            let client = ClientTLS(
                authorityFile: authority.certificateFile, certificate: certificate, serverName: "eu.example.com")
            #expect(try await status(of: RouterCertificates(listen: listen), client).status == expected)
        }
    }
}
