import Foundation
import Logging
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A connection behind a load balancer")
struct TrustedProxyTests {
    private static let trusted = ["127.0.0.0/8"].compactMap { AddressRange($0) }

    @Test("is believed in what it says of the client, the scheme, the host name and the request's id")
    func forwarded() async throws {
        try await RouterFixture.run(change: { configuration in
            configuration.listen.trustedProxies = Self.trusted
            configuration.listen.trustForwardedHost = true
        }) { fixture in
            let socket = try fixture.connect()
            try socket.send(
                "GET /echo HTTP/1.1\r\nHost: internal.lb\r\nX-Forwarded-Host: us.example.com\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n"
                    + "X-Forwarded-Proto: https\r\nX-Request-Id: from-the-edge\r\nX-Residency-Tenant: forged\r\n\r\n")
            let seen = try socket.receiveResponse().text
            #expect(seen.hasPrefix("us\n"))
            #expect(seen.contains("X-Forwarded-For: 203.0.113.7\r\n"))
            #expect(seen.contains("X-Forwarded-Proto: https\r\n"))
            #expect(seen.contains("Host: us.example.com\r\n"))
            #expect(seen.contains("X-Request-Id: from-the-edge\r\n"))
            #expect(!seen.contains("forged") && !seen.contains("6.6.6.6"))
        }
    }

    @Test("names its client in a PROXY protocol header, and is closed without one")
    func proxyProtocol() async throws {
        try await RouterFixture.run(change: { configuration in
            configuration.listen.trustedProxies = Self.trusted
            configuration.listen.proxyProtocol = true
        }) { fixture in
            let header: [UInt8] = [
                0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12, 203, 0, 113,
                7, 127, 0, 0, 1, 0x12,
                0x34, 0, 80,
            ]
            let socket = try fixture.connect()
            try socket.send(header + Array("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n".utf8))
            #expect(try socket.receiveResponse().text.contains("X-Forwarded-For: 203.0.113.7\r\n"))
            let bare = try fixture.connect()
            try bare.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            #expect(try bare.receiveAll() == "")
        }
    }

    @Test("is not believed when nobody said that it is one")
    func untrusted() async throws {
        try await RouterFixture.run(change: { $0.listen.trustForwardedHost = true }) { fixture in
            let socket = try fixture.connect()
            try socket.send(
                "GET /echo HTTP/1.1\r\nHost: eu.example.com\r\nX-Forwarded-Host: us.example.com\r\nX-Forwarded-For: 6.6.6.6\r\n"
                    + "X-Forwarded-Proto: https\r\nX-Request-Id: forged\r\n\r\n")
            let seen = try socket.receiveResponse().text
            #expect(seen.hasPrefix("eu\n"))
            #expect(seen.contains("X-Forwarded-For: 127.0.0.1\r\n") && seen.contains("X-Forwarded-Proto: http\r\n"))
            #expect(!seen.contains("forged"))
        }
    }
}

@Suite("Connections of clients", .timeLimit(.minutes(1)))
struct ConnectionLimitTests {
    @Test("past the bound are closed at once, and the next is taken when one has gone")
    func bound() async throws {
        try await RouterFixture.run(change: { $0.limits.connections = 2 }) { fixture in
            let first = try fixture.connect()
            let second = try fixture.connect()
            for socket in [first, second] {
                try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                #expect(try socket.receiveResponse().status == 200)
            }
            #expect(try fixture.connect().receiveAll() == "")
            await fixture.observer.heard { if case .connectionRefused = $0 { true } else { false } }
            first.reset()
            await fixture.observer.heard { if case .connectionClosed = $0 { true } else { false } }
            var status = 0
            while status != 200 {
                let third = try fixture.connect()
                try? third.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
                status = (try? third.receiveResponse().status) ?? 0
            }
            #expect(status == 200)
        }
    }
}
