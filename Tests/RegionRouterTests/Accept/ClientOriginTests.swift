import TenantDirectory
import Testing

@testable import RegionRouter

@Suite("Who a request came from")
struct ClientOriginTests {
    private static let trusted = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0) }

    @Test(
        "is the rightmost entry that is not a trusted proxy's",
        arguments: [
            (["203.0.113.7"], "203.0.113.7"), (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (["6.6.6.6, 203.0.113.7, 10.1.1.1"], "203.0.113.7"), (["6.6.6.6", "203.0.113.7, 10.1.1.1"], "203.0.113.7"),
            (["203.0.113.7:4711"], "203.0.113.7"), (["[2001:dead::1]:4711"], "2001:dead::1"),
            (["10.1.1.1"], "10.9.9.9"),
            (["203.0.113.7, garbage"], "10.9.9.9"), ([], "10.9.9.9"), ([""], "10.9.9.9"),
            (["203.0.113.7, ,10.1.1.1,"], "10.9.9.9"),
        ])
    func client(entries: [String], expected: String) {
        let address = ClientOrigin.client(
            behind: "10.9.9.9", entries: entries.map { Substring($0) }, trusted: Self.trusted)
        #expect(address == expected)
    }

    @Test("is told to the app in every form, an IPv6 address in brackets where the form wants them")
    func lines() {
        let origin = ClientOrigin(address: "2001:dead::1", scheme: "https")
        let text = String(decoding: origin.fieldLines(host: "eu.example.com"), as: UTF8.self)
        #expect(
            text.contains(
                "X-Forwarded-For: 2001:dead::1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: eu.example.com\r\n"))
        #expect(text.contains("Forwarded: for=\"[2001:dead::1]\";host=\"eu.example.com\";proto=https\r\n"))
    }
}

@Suite("A PROXY protocol header")
struct ProxyProtocolHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let ipv4 = signature + [0x21, 0x11, 0, 12, 203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x34, 0, 80]

    private static func read(_ bytes: [UInt8]) -> ProxyProtocolHeader.Reading {
        bytes.withUnsafeBytes { ProxyProtocolHeader.read($0) }
    }

    @Test("names the client, whatever follows it")
    func complete() {
        let expected = ProxyProtocolHeader.Reading.complete(
            ProxyProtocolHeader(source: IPAddress("203.0.113.7"), length: 28))
        #expect(Self.read(Self.ipv4) == expected)
        #expect(Self.read(Self.ipv4 + Array("GET /".utf8)) == expected)
    }

    @Test("with IPv6 addresses and extensions is read whole")
    func ipv6() {
        let address: [UInt8] = [0x20, 0x01, 0xDE, 0xAD] + [UInt8](repeating: 0, count: 11) + [1]
        let bytes = Self.signature + [0x21, 0x21, 0, 41] + address + address + [0, 1, 0, 2] + [4, 0, 2, 9, 9]
        #expect(Self.read(bytes) == .complete(ProxyProtocolHeader(source: IPAddress("2001:dead::1"), length: 57)))
    }

    @Test("of a health check names nobody")
    func local() {
        #expect(Self.read(Self.signature + [0x20, 0, 0, 0]) == .complete(ProxyProtocolHeader(source: nil, length: 16)))
    }

    @Test("that is not all there is waited for", arguments: [0, 1, 12, 15, 20, 27])
    func incomplete(count: Int) {
        #expect(Self.read(Array(Self.ipv4.prefix(count))) == .incomplete)
    }

    @Test(
        "that is none is refused",
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), Array("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n".utf8),
            signature + [0x11, 0x11, 0, 12],
            signature + [0x22, 0x11, 0, 12] + [UInt8](repeating: 0, count: 12),
            signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4],
            signature + [0x21, 0x11, 0xFF, 0xFF],
        ])
    func malformed(bytes: [UInt8]) {
        #expect(Self.read(bytes) == .malformed)
    }
}

@Suite("The public URL that was called")
struct HostTableTests {
    private static func table(_ urls: [(String, String, String)]) throws -> HostTable {
        HostTable(
            try urls.map { region, authority, basePath in
                let region = try #require(Region(region))
                return PublicEndpoint(
                    region: region, baseURL: "https://\(authority)\(basePath)", authority: authority, basePath: basePath
                )
            })
    }

    private static func region(_ table: HostTable, _ host: String, _ path: String) -> String {
        let match = Array(path.utf8).withUnsafeBytes { table.match(Array(host.utf8), path: $0) }
        if case .endpoint(let index) = match { return table[index].region.code }
        return match == .unknownHost ? "unknown host" : "unknown path"
    }

    @Test(
        "is told by host name, whatever its case and port",
        arguments: [
            ("eu.example.com", "EU"), ("EU.Example.com", "EU"), ("eu.example.com:8443", "EU"),
            ("app.example.com", "GLOBAL"),
            ("eu.example.com.", "unknown host"), ("", "unknown host"), ("eu.example.com:port", "unknown host"),
        ])
    func byHost(host: String, expected: String) throws {
        let table = try Self.table([
            ("GLOBAL", "app.example.com", ""), ("EU", "eu.example.com", ""), ("US", "us.example.com:444", ""),
        ])
        #expect(Self.region(table, host, "/x") == expected)
    }

    @Test(
        "is told by the longest base path on a segment's border",
        arguments: [("/eu", "EU"), ("/eu/x", "EU"), ("/europe", "GLOBAL"), ("/", "GLOBAL"), ("/eu/de/x", "DE")])
    func byPath(path: String, expected: String) throws {
        let table = try Self.table([
            ("GLOBAL", "a.example", ""), ("EU", "a.example", "/eu"), ("DE", "a.example", "/eu/de"),
        ])
        #expect(Self.region(table, "a.example", path) == expected)
    }

    @Test("is told by the port where only that differs")
    func byPort() throws {
        let table = try Self.table([("EU", "localhost:1", ""), ("US", "localhost:2", "")])
        #expect(Self.region(table, "localhost:1", "/") == "EU")
        #expect(Self.region(table, "localhost:2", "/") == "US")
    }

    @Test("is a named region's where the plain one shares its URL, and nobody's outside all base paths")
    func shared() throws {
        let table = try Self.table([("GLOBAL", "a.example", "/app"), ("EU", "a.example", "/app")])
        #expect(Self.region(table, "a.example", "/app/x") == "EU")
        #expect(Self.region(table, "a.example", "/other") == "unknown path")
    }
}
