import Foundation
import TenantDirectory
import Testing

@testable import ResidencyGateway

@Suite("Tokens of the simulated host")
struct HostTokenTests {
    /// Hashed with other programs: `printf '%s' 'GET&/panel&…' | sha256sum`.
    @Test("hash the request as the host does")
    func queryHash() {
        func hash(_ canonical: String) -> String { SHA256.hexDigest(of: Array(canonical.utf8)) }
        let cases: [(String, String, [(name: String, value: String)], String)] = [
            ("get", "/panel", [], "GET&/panel&"), ("GET", "/panel/", [], "GET&/panel&"), ("GET", "/", [], "GET&/&"),
            ("GET", "", [], "GET&/&"), ("GET", "/a&b", [], "GET&/a%26b&"),
            ("POST", "/p", [("b", "2"), ("a", "1"), ("jwt", "x")], "POST&/p&a=1&b=2"),
            ("GET", "/p", [("a", "2"), ("a", "1")], "GET&/p&a=1,2"),
            ("GET", "/p", [("a", "x y,z*"), ("é", "~")], "GET&/p&%C3%A9=~&a=x%20y%2Cz%2A"),
            ("GET", "/p", [("A", "1"), ("a", "")], "GET&/p&A=1&a="),
        ]
        for (method, path, parameters, canonical) in cases {
            #expect(
                HostToken.queryHash(method: method, path: path, parameters: parameters) == hash(canonical),
                "\(canonical)")
        }
    }

    @Test("are signed with what they say")
    func signatures() throws {
        let pair = try HostKeyPair.random()
        let token = HostToken.rs256(["iss": "a"], pair)
        let parts = token.split(separator: ".")
        #expect(parts.count == 3)
        let headerBytes = try #require(Base64URL.decode(parts[0]))
        let header = try #require(JSONValue(headerBytes))
        #expect(header["alg"] == "RS256")
        #expect(header["kid"]?.text == pair.kid)
        let key = try #require(RSAPublicKey(pem: Array(pair.key.publicPEM.utf8)))
        let signature = try #require(Base64URL.decode(parts[2]))
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        let isValid = signature.withUnsafeBytes { left in message.withUnsafeBytes { key.isValidRS256(left, for: $0) } }
        #expect(isValid)
    }

    @Test("keep their keys and sites in a file that its owner alone can read")
    func state() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(HostNames.uuid()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var state = try HostState.load(path)
        state.keep(.random(named: "alpha"))
        state.keep(.random(named: "alpha"))
        try state.save(path)
        let read = try HostState.load(path)
        #expect(read.sites == state.sites)
        #expect(read.sites.count == 1)
        #expect(read.installKeys.kid == state.installKeys.kid)
        #expect(read.installKeys.key.publicPEM == state.installKeys.key.publicPEM)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: HostError.self) { try HostState.load(path) }
    }
}
