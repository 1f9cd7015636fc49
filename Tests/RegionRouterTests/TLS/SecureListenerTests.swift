import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A listener with TLS", .timeLimit(.minutes(2)))
struct SecureListenerTests {
    private static let request = "GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"

    @Test("answers as without, and tells the app that the scheme is https")
    func scheme() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        try await RouterFixture.run(certificates: site.certificates) { fixture in
            let socket = try TLSSocket(
                port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile,
                protocols: ["http/1.1"])
            #expect(socket.applicationProtocol == "http/1.1")
            for _ in 0..<3 {
                try socket.send(Self.request)
                let seen = try socket.receiveResponse()
                #expect(seen.status == 200)
                #expect(seen.text.contains("X-Forwarded-Proto: https\r\n") && seen.text.contains("proto=https"))
                #expect(seen.field("strict-transport-security") == nil)
            }
        }
    }

    @Test("shows the certificate of the name that is asked for, and the first to all others")
    func serverNames() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(
            in: folder.path, names: [["app.example.com"], ["eu.example.com"], ["*.example.com"]])
        try await RouterFixture.run(certificates: site.certificates) { fixture in
            for (asked, shown) in [
                ("eu.example.com", "eu.example.com"), ("us.example.com", "*.example.com"),
                ("app.example.com", "app.example.com"), (nil, "app.example.com"),
            ] as [(String?, String)] {
                let socket = try TLSSocket(
                    port: fixture.port, serverName: asked, authority: site.authority.certificateFile)
                #expect(socket.shownNames == [shown])
                #expect(socket.applicationProtocol == nil)
                try socket.send(Self.request)
                #expect(try socket.receiveResponse().status == 200)
            }
            #expect(throws: (any Error).self) {
                try TLSSocket(
                    port: fixture.port, serverName: "other.org", authority: site.authority.certificateFile)
            }
        }
    }

    @Test("refuses TLS 1.1, plain HTTP and clients that say nothing, and counts them")
    func refused() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        try await RouterFixture.run(
            certificates: site.certificates, change: { $0.limits.handshakeTimeout = .milliseconds(300) }
        ) { fixture in
            #expect(throws: (any Error).self) {
                try TLSSocket(
                    port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile,
                    newestIsTLS11: true)
            }
            let plain = try fixture.connect()
            try plain.send(Self.request)
            #expect(try !plain.receiveAll().contains("HTTP/1.1"))
            #expect(try fixture.connect().receiveAll() == "")
            await fixture.observer.heard(3) { if case .handshakeFailed = $0 { true } else { false } }
        }
    }

    @Test("past the bound on unfinished handshakes closes new connections at once")
    func handshakeBound() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        try await RouterFixture.run(
            certificates: site.certificates,
            change: { configuration in
                configuration.limits.handshakes = 1
                configuration.listen.eventLoops = 1
            }
        ) { fixture in
            let silent = try fixture.connect()
            #expect(try fixture.connect().receiveAll() == "")
            silent.reset()
            await fixture.observer.heard { if case .handshakeFailed = $0 { true } else { false } }
            let socket = try TLSSocket(
                port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile)
            try socket.send(Self.request)
            #expect(try socket.receiveResponse().status == 200)
        }
    }

    @Test("takes the PROXY protocol header before TLS")
    func proxyHeader() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        let header: [UInt8] = [
            0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12, 203, 0, 113, 7,
            127, 0, 0, 1, 0x12, 0x34, 0, 80,
        ]
        try await RouterFixture.run(
            certificates: site.certificates,
            change: { configuration in
                configuration.listen.trustedProxies = ["127.0.0.0/8"].compactMap { AddressRange($0) }
                configuration.listen.proxyProtocol = true
            }
        ) { fixture in
            let socket = try TLSSocket(
                port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile,
                before: header)
            try socket.send(Self.request)
            let seen = try socket.receiveResponse().text
            #expect(seen.contains("X-Forwarded-For: 203.0.113.7\r\n"))
            #expect(seen.contains("X-Forwarded-Proto: https\r\n"))
            #expect(throws: (any Error).self) {
                try TLSSocket(
                    port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile)
            }
        }
    }

    @Test("tells browsers to come by https alone where it is asked to, and once")
    func transportSecurity() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        let own = "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=5\r\nContent-Length: 0\r\n\r\n"
        try await RouterFixture.run(
            scripts: ["own": own], certificates: site.certificates,
            change: { $0.listen.transportSecurityAge = .seconds(86_400) }
        ) { fixture in
            let socket = try TLSSocket(
                port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile)
            try socket.send(Self.request)
            #expect(try socket.receiveResponse().field("strict-transport-security") == "max-age=86400")
            try socket.send("GET /raw/own HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            let head = try socket.receiveResponse().head
            #expect(head.contains("max-age=5\r\n") && !head.contains("86400"))
            try socket.send("GET /echo HTTP/1.1\r\nHost: nobody.example.com\r\n\r\n")
            let refused = try socket.receiveResponse()
            #expect(refused.status == 421 && refused.field("strict-transport-security") == "max-age=86400")
        }
    }

    @Test("says in TLS that an answer is whole, and does not for one that is cut off")
    func farewell() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        let scripts = [
            "whole": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwholeHANGUP",
            "cut": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncutHANGUP",
        ]
        try await RouterFixture.run(scripts: scripts, certificates: site.certificates) { fixture in
            func all(_ path: String) throws -> (text: String, saidFarewell: Bool) {
                let socket = try TLSSocket(
                    port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile)
                try socket.send("GET /raw/\(path) HTTP/1.0\r\nHost: eu.example.com\r\n\r\n")
                return try socket.receiveAll()
            }
            let whole = try all("whole")
            #expect(whole.text.hasSuffix("\r\n\r\nwhole") && whole.saidFarewell)
            #expect(try !all("cut").saidFarewell)
        }
    }

    @Test("shows new certificates to later connections while those that are open go on")
    func renewal() async throws {
        let folder = try ScratchFolder()
        let site = try SecureSite(in: folder.path)
        try await RouterFixture.run(certificates: site.certificates) { fixture in
            func connect() throws -> TLSSocket {
                try TLSSocket(
                    port: fixture.port, serverName: "eu.example.com", authority: site.authority.certificateFile)
            }
            let old = try connect()
            try old.send(Self.request)
            #expect(try old.receiveResponse().status == 200)
            _ = try site.authority.issue("site-0", for: ["eu.example.com", "new.example.com"])
            #expect(site.listen.renew() == .renewed)
            #expect(try connect().shownNames.contains("new.example.com"))
            for _ in 0..<20 {
                try old.send(Self.request)
                #expect(try old.receiveResponse().status == 200)
            }
        }
    }
}
