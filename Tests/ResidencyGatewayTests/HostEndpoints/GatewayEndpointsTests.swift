import Logging
import NIOCore
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The gateway's endpoints")
struct GatewayEndpointsTests {
    private static let url = "https://eu.example.com"

    private func endpoints(_ store: AwayStore, _ key: RSAPublicKey) throws -> GatewayEndpoints {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let region = try #require(Region("EU"))
        let directory = Directory(store: store, logger: logger)
        let hooks = MigrationHooks(
            identify: IdentifyConfiguration(appKey: SampleApp.key), tokenBytes: 16_384, regions: [region],
            settings: MigrationHookSettings(), keys: OneKey(key), directory: directory, journal: store,
            shelf: try RollbackShelf(path: "/nowhere/rollbacks", logger: logger), logger: logger,
            wallClock: WallClock.seconds)
        return GatewayEndpoints(
            settings: HostEndpointSettings(
                appKey: SampleApp.key, forgeAppID: nil, hostSuffixes: [".atlassian.net"],
                defaultRegion: region, reinstallWindow: .seconds(60),
                previousSecretFor: .seconds(60)),
            descriptor: nil, verifier: LifecycleTokenVerifier(publicBaseURLs: [Self.url]), keys: OneKey(key),
            directory: directory, hooks: hooks, logger: logger, wallClock: WallClock.seconds)
    }

    private func call(_ event: LifecycleEvent, _ made: HostCallMade, method: String = "POST") throws -> HostCall {
        HostCall(
            kind: .lifecycle(event), requestID: "r1", method: method, path: "/\(event.rawValue)", query: "",
            endpoint: PublicEndpoint(
                region: try #require(Region("EU")), baseURL: Self.url, authority: "eu.example.com", basePath: ""),
            authorization: made.headers.first { $0.name == "Authorization" }?.value, body: ByteBuffer(bytes: made.body))
    }

    private func refusal(_ answer: HostAnswer) throws -> RouterError {
        guard case .refuse(let error) = answer else { throw HostError("was not refused: \(answer)") }
        return error
    }

    @Test("say 503 with a time to try again while the directory is away", arguments: LifecycleEvent.allCases)
    func directoryAway(event: LifecycleEvent) async throws {
        let keys = try HostKeyPair.random()
        let host = HostSimulator(installKeys: keys, forgeKeys: keys, appKey: SampleApp.key)
        let made = host.lifecycle(
            event.rawValue, site: .random(named: "alpha"), path: "/\(event.rawValue)", baseURL: Self.url)
        let key = try #require(RSAPublicKey(pem: Array(keys.key.publicPEM.utf8)))
        let error = try refusal(await endpoints(AwayStore(), key).answer(try call(event, made)))
        #expect(error.code == .directoryUnavailable)
        #expect(error.origin == .directory)
        #expect(error.retryAfterSeconds != nil)
    }

    @Test("take lifecycle callbacks by POST alone, and have no descriptor to serve for an app without one")
    func methods() async throws {
        let keys = try HostKeyPair.random()
        let host = HostSimulator(installKeys: keys, forgeKeys: keys, appKey: SampleApp.key)
        let made = host.lifecycle(
            "installed", site: .random(named: "alpha"), path: "/installed", baseURL: Self.url)
        let key = try #require(RSAPublicKey(pem: Array(keys.key.publicPEM.utf8)))
        let endpoints = try endpoints(AwayStore(), key)
        let get = try refusal(await endpoints.answer(try call(.installed, made, method: "GET")))
        #expect(get.code == .methodNotAllowed)
        var descriptor = try call(.installed, made)
        descriptor = HostCall(
            kind: .descriptor, requestID: "r2", method: "GET", path: "/atlassian-connect.json", query: "",
            endpoint: descriptor.endpoint, authorization: nil, body: ByteBuffer())
        #expect(try refusal(await endpoints.answer(descriptor)).code == .notFound)
    }

    @Test("turn what the directory says into an answer that says who has to act")
    func directoryErrors() {
        let codes: [(DirectoryError.Code, RouterError.Code)] = [
            (.unavailable, .directoryUnavailable), (.busy, .directoryUnavailable), (.conflict, .badBody),
            (.unknownTenant, .unknownTenant), (.wrongKey, .internalFault), (.newerSchema, .internalFault),
        ]
        for (code, expected) in codes {
            #expect(GatewayEndpoints.refusal(DirectoryError(code, "why")).code == expected)
        }
    }
}
