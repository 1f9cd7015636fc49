import Logging
import RealmMigration
import RegionRouter
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The cache of public keys")
struct PublicKeyCacheTests {
    private static let signer = RSAPrivateKey()

    private func withCache(
        _ server: ScriptedServer, allow: [String] = ["127.0.0.1"],
        _ body: @Sendable @escaping (PublicKeyCache) async throws -> Void
    ) async throws {
        let configuration = OutboundConfiguration(allow: allow.compactMap { AddressRange($0) })
        try await withOutboundClient(configuration) { client in
            let cache = PublicKeyCache(
                configuration: PublicKeyConfiguration(
                    installKeysURL: "\(server.url)/install", forgeKeySetURL: "\(server.url)/jwks.json"),
                client: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await cache.run() }
                try await body(cache)
                group.cancelAll()
            }
        }
        try await server.stop()
    }

    private static func keySet(_ kid: String) throws -> String {
        let key = try #require(signer)
        return """
            {"keys":[{"kty":"EC","kid":"other","crv":"P-256"},{"kty":7},
            {"kty":"RSA","kid":"\(kid)","use":"sig","alg":"RS256","n":"\(Base64URL.encode(key.modulus))",
            "e":"\(Base64URL.encode(key.exponent))","x5c":["ignored"]}]}
            """
    }

    private func failure(_ cache: PublicKeyCache, _ query: PublicKeyQuery) async -> RouterError? {
        do {
            _ = try await cache.key(query)
            return nil
        } catch {
            return error
        }
    }

    private static let installKey = PublicKeyQuery.install(kid: "k1", hostName: "site.atlassian.net")
    private static let forgeKey = PublicKeyQuery.forge(kid: "f1", isolatedCloudLabel: nil, apiBaseURL: nil)

    @Test("fetches a PEM by its kid, once for all who ask, and has it at hand from then on")
    func fetchesPEM() async throws {
        let pem = try #require(Self.signer).publicPEM
        let server = try await ScriptedServer { _ in .http(200, pem) }
        try await withCache(server) { cache in
            #expect(cache.cached(Self.installKey) == nil)
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 { group.addTask { (try? await cache.key(Self.installKey)) != nil } }
                for await isThere in group { #expect(isThere) }
            }
            #expect(cache.cached(Self.installKey) != nil)
            #expect(server.requests.count == 1)
            #expect(server.requests.first?.hasPrefix("GET /install/k1 HTTP/1.1\r\n") == true)
        }
    }

    @Test("reads a key set, passing over keys that are not for us")
    func readsKeySet() async throws {
        let set = try Self.keySet("f1")
        let server = try await ScriptedServer { _ in .http(200, set) }
        try await withCache(server) { cache in
            let key = try await cache.key(Self.forgeKey)
            let message = Array("signed".utf8)
            let signer = try #require(Self.signer)
            let signature = try #require(signer.signRS256(message))
            let isValid = signature.withUnsafeBytes { left in
                message.withUnsafeBytes { key.isValidRS256(left, for: $0) }
            }
            #expect(isValid)
            let unknown = PublicKeyQuery.forge(kid: "f2", isolatedCloudLabel: nil, apiBaseURL: nil)
            #expect(await failure(cache, unknown)?.code == .unknownKey)
        }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let answer: ScriptedServer.Answer
        let query: PublicKeyQuery
        let code: RouterError.Code
        let word: String
        var testDescription: String { "\(word) for \(query)" }
    }

    @Test(
        "has an error of its own for each thing that can be wrong with a server",
        arguments: [
            Fault(answer: .http(404, "no"), query: installKey, code: .unknownKey, word: "does not know"),
            Fault(answer: .http(200, "no"), query: installKey, code: .keyServerUnavailable, word: "not the PEM"),
            Fault(
                answer: .http(200, String(repeating: "x", count: 20_000)), query: installKey,
                code: .keyServerUnavailable, word: "more bytes"),
            Fault(answer: .http(500, ""), query: installKey, code: .keyServerUnavailable, word: "status 500"),
            Fault(
                answer: .http(301, "", fields: ["Location: http://127.0.0.1/"]), query: installKey,
                code: .keyServerUnavailable, word: "redirect"),
            Fault(answer: .close, query: installKey, code: .keyServerUnavailable, word: "cannot be reached"),
            Fault(answer: .http(404, ""), query: forgeKey, code: .keyServerUnavailable, word: "status 404"),
            Fault(answer: .http(200, "{}"), query: forgeKey, code: .keyServerUnavailable, word: "not a JSON Web Key"),
            Fault(
                answer: .http(200, #"{"keys":[]}"#), query: forgeKey, code: .keyServerUnavailable,
                word: "not a JSON Web Key"),
            Fault(
                answer: .http(200, #"{"keys":[{"kty":"RSA","kid":"f1","n":"AQAB","e":"AQAB"}]}"#), query: forgeKey,
                code: .keyServerUnavailable, word: "not a JSON Web Key"),
        ])
    func faults(fault: Fault) async throws {
        let server = try await ScriptedServer { _ in fault.answer }
        try await withCache(server) { cache in
            let error = try #require(await failure(cache, fault.query))
            #expect(error.code == fault.code)
            #expect(error.detail.contains(fault.word), "\(error.detail)")
            #expect((error.retryAfterSeconds != nil) == (fault.code == .keyServerUnavailable))
        }
    }

    @Test("does not reach a key server at a private address that is not allowed")
    func privateAddress() async throws {
        let server = try await ScriptedServer { _ in .http(200, "") }
        try await withCache(server, allow: []) { cache in
            let error = try #require(await failure(cache, Self.installKey))
            #expect(error.code == .keyServerUnavailable)
            #expect(error.detail.contains("private address"))
            #expect(server.requests.isEmpty)
        }
    }
}
