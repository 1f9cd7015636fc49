import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

/// What a client can make the gateway believe about itself, with and without a load balancer between them.
@Suite("A claim about the client", .serialized)
struct ForwardedClaimTests {
    private static let trusting: @Sendable (inout RouterConfiguration) -> Void = { configuration in
        configuration.listen.trustedProxies = ["127.0.0.0/8", "10.0.0.0/8"].compactMap { AddressRange($0) }
        configuration.listen.trustForwardedHost = true
    }

    private static func echo(_ fixture: RouterFixture, _ fields: String, before: [UInt8] = []) throws -> RawResponse {
        let socket = try fixture.connect()
        try socket.send(before + Array("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\(fields)\r\n".utf8))
        return try socket.receiveResponse()
    }

    @Test(
        "is not believed from a client of our own",
        arguments: [
            "X-Forwarded-For: 6.6.6.6\r\n", "X-Forwarded-Host: us.example.com\r\n", "X-Forwarded-Proto: https\r\n",
            "Forwarded: for=6.6.6.6;proto=https\r\n", "X-Request-Id: mine\r\n",
            "Via: 1.1 mine\r\nX-Real-IP: 6.6.6.6\r\n",
        ])
    func untrusted(fields: String) async throws {
        try await RouterFixture.run { fixture in
            let seen = try Self.echo(fixture, fields).text
            #expect(seen.hasPrefix("eu\n"))
            #expect(seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
            #expect(seen.contains("X-Forwarded-Host: eu.example.com\r\n"))
            #expect(seen.contains("X-Forwarded-Proto: http\r\n"))
            #expect(!seen.contains("X-Request-Id: mine"))
        }
    }

    @Test(
        "is believed from a trusted proxy as far as the chain is trusted, and no further",
        arguments: [
            ("6.6.6.6", "6.6.6.6"), ("1.1.1.1, 6.6.6.6", "6.6.6.6"), ("6.6.6.6, 10.1.2.3", "6.6.6.6"),
            ("6.6.6.6, garbage, 10.1.2.3", "127.0.0.1"), ("6.6.6.6:4711", "6.6.6.6"), ("10.1.2.3", "127.0.0.1"),
            ("", "127.0.0.1"), ("6.6.6.6,,", "6.6.6.6"), ("[2001:db8::1]:80", "2001:db8::1"), ("unknown", "127.0.0.1"),
            ("6.6.6.6, 7.7.7.7\r\nX-Forwarded-For: 10.1.2.3", "7.7.7.7"),
        ])
    func chain(value: String, client: String) async throws {
        try await RouterFixture.run(change: Self.trusting) { fixture in
            let seen = try Self.echo(fixture, "X-Forwarded-For: \(value)\r\n").text
            #expect(seen.contains("X-Forwarded-For: \(client)\r\n"), "\(seen)")
            #expect(seen.components(separatedBy: "X-Forwarded-For").count == 2)
        }
    }

    @Test("names the host that was called, where a trusted proxy says so and is believed", arguments: [true, false])
    func forwardedHost(isBelieved: Bool) async throws {
        let change: @Sendable (inout RouterConfiguration) -> Void = { configuration in
            Self.trusting(&configuration)
            configuration.listen.trustForwardedHost = isBelieved
        }
        try await RouterFixture.run(change: change) { fixture in
            let response = try Self.echo(fixture, "X-Forwarded-Host: us.example.com\r\nX-Forwarded-Proto: https\r\n")
            #expect(response.text.hasPrefix(isBelieved ? "us\n" : "eu\n"))
            #expect(response.text.contains("X-Forwarded-Proto: https\r\n"))
        }
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    @Test("by the PROXY protocol is read before anything else", arguments: [true, false])
    func proxyHeader(isLocal: Bool) async throws {
        let change: @Sendable (inout RouterConfiguration) -> Void = { configuration in
            Self.trusting(&configuration)
            configuration.listen.proxyProtocol = true
        }
        try await RouterFixture.run(change: change) { fixture in
            let addresses: [UInt8] = [6, 6, 6, 6, 127, 0, 0, 1, 0x12, 0x34, 0, 80]
            let header = Self.signature + [isLocal ? 0x20 : 0x21, 0x11, 0, 12] + addresses
            let seen = try Self.echo(fixture, "", before: header).text
            #expect(seen.contains("X-Forwarded-For: \(isLocal ? "127.0.0.1" : "6.6.6.6")\r\n"), "\(seen)")
        }
    }

    @Test(
        "by a PROXY header that is none ends the connection without a word",
        arguments: [
            Array("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n".utf8),
            Array("PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\n".utf8), signature + [0x11, 0x11, 0, 12],
            signature + [0x2F, 0x11, 0, 0], signature + [0x21, 0x11, 0, 3, 1, 2, 3],
            signature + [0x21, 0x11, 0xFF, 0xFF],
        ] as [[UInt8]])
    func badProxyHeader(bytes: [UInt8]) async throws {
        let change: @Sendable (inout RouterConfiguration) -> Void = { configuration in
            Self.trusting(&configuration)
            configuration.listen.proxyProtocol = true
        }
        try await RouterFixture.run(change: change) { fixture in
            let socket = try fixture.connect()
            try socket.send(bytes)
            #expect(try socket.receiveAll().isEmpty)
            #expect(fixture.eu.requests.isEmpty)
        }
    }
}
