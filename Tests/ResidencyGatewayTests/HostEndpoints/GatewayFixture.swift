import Foundation
import Logging
import RealmMigration
import ServiceLifecycle
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

/// A whole gateway in this process, as `serve` builds it: real sockets, a real store, the simulated host with its key
/// server, and an app whose answers a test decides.
struct GatewayFixture: Sendable {
    let host: HostSimulator
    let caller: HostCaller
    let app: ScriptedApp
    let plain: String
    let eu: String
    let us: String
    /// The file the gateway's records are in.
    let storePath: String
    let configuration: GatewayConfiguration
    /// Leads cutovers from the gateway's node.
    let cutovers: HoldCoordinators

    static let forgeAppID = "ari:cloud:ecosystem::app/11111111-2222-4333-8444-555555555555"

    /// An app for both regions: one server that tells which instance was called by its port.
    final class ScriptedApp: Sendable {
        private let status = Mutex(204)
        private let seen = Mutex<[(region: String, request: String)]>([])

        /// What lifecycle callbacks are answered with from now on.
        func answer(with status: Int) { self.status.withLock { $0 = status } }

        /// All requests so far, with the region of the instance that got them.
        var requests: [(region: String, request: String)] { seen.withLock { $0 } }

        func take(_ request: String, in region: String) -> ScriptedServer.Answer {
            seen.withLock { $0.append((region, request)) }
            let status = request.hasPrefix("GET ") ? 200 : self.status.withLock { $0 }
            if status == 0 { return .close }
            return .http(status, "", fields: ["X-Answered-By-Region: \(region)"])
        }
    }

    /// Runs a gateway for the length of a block.
    /// - Parameters:
    ///   - change: what is different from the ordinary configuration, in YAML appended to it.
    ///   - owning: the regions whose app instances it has.
    static func run(
        _ change: String = "", owning: Set<String> = ["EU", "US"],
        body: @Sendable @escaping (GatewayFixture) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let path = folder.path
        let app = ScriptedApp()
        let euServer = try await ScriptedServer { app.take($0, in: "EU") }
        let usServer = try await ScriptedServer { app.take($0, in: "US") }
        let installKeys = try HostKeyPair.random()
        let forgeKeys = try HostKeyPair.random()
        let keyServer = HostKeyServer.make(installKeys: installKeys, forgeKeys: forgeKeys, port: 0)
        let settings = try DemoSettings(port: 0)
        defer { settings.remove() }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let around = ServiceGroup(services: [keyServer], logger: quiet)
            tasks.addTask { try await around.run() }
            let keysPort = try #require(await keyServer.boundPort())
            let file = try write(
                settings, to: path, eu: euServer.port, us: usServer.port, keys: keysPort, owning: owning,
                change: change)
            let configuration = try ConfigurationFile.load(path: file, environment: [:]).configuration
            let gateway = try await Gateway.make(configuration, logger: quiet)
            let group = gateway.serviceGroup()
            tasks.addTask { try await group.run() }
            _ = try #require(await gateway.addresses())
            try await withOutboundClient(HostCaller.outbound) { client in
                try await body(
                    GatewayFixture(
                        host: HostSimulator(installKeys: installKeys, forgeKeys: forgeKeys, appKey: SampleApp.key),
                        caller: HostCaller(client: client), app: app, plain: settings.plainURL,
                        eu: settings.regionURL("EU"), us: settings.regionURL("US"),
                        storePath: configuration.directory.path, configuration: configuration,
                        cutovers: gateway.cutovers))
            }
            await group.triggerGracefulShutdown()
            try await tasks.next()
            await around.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await euServer.stop()
        try await usServer.stop()
        _ = consume folder
    }

    private static func write(
        _ settings: DemoSettings, to folder: String, eu: Int, us: Int, keys: Int, owning: Set<String>,
        change: String
    ) throws -> String {
        let descriptor = SampleDescriptor.value(
            baseURL: settings.plainURL,
            regionBaseURLs: ["EU": settings.regionURL("EU"), "US": settings.regionURL("US")])
        try Data(descriptor.bytes).write(to: URL(fileURLWithPath: "\(folder)/atlassian-connect.json"))
        let instances = [("EU", eu), ("US", us)].filter { owning.contains($0.0) }
            .map { "\($0.0): [\"http://127.0.0.1:\($0.1)\"]" }.joined(separator: ", ")
        let text = """
            app:
              declaration: atlassian-connect.json
              instances: { \(instances) }
            listen:    { host: 127.0.0.1, port: \(settings.port), eventLoops: 2 }
            admin:     { host: 127.0.0.1, port: 0 }
            connect:   { installKeysUrl: "http://127.0.0.1:\(keys)" }
            forge:     { appId: "\(forgeAppID)", jwksUrl: "http://127.0.0.1:\(keys)/.well-known/jwks.json" }
            outbound:  { allow: [127.0.0.1] }
            log:       { access: false }
            defaultRegion: EU
            \(change)

            """
        let file = "\(folder)/gateway.yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    // MARK: Calls

    func send(_ call: HostCallMade) async throws -> HostAnswerSeen { try await caller.send(call) }

    func install(_ site: HostSite, at url: String) async throws -> HostAnswerSeen {
        try await send(host.lifecycle("installed", site: site, path: "/installed", baseURL: url))
    }

    func lifecycle(_ event: String, _ site: HostSite, at url: String) async throws -> HostAnswerSeen {
        try await send(host.lifecycle(event, site: site, path: "/\(event)", baseURL: url))
    }

    func page(_ site: HostSite, at url: String) async throws -> HostAnswerSeen {
        try await send(host.page(site: site, path: "/panel", baseURL: url))
    }

    /// The record of a site as it is on disk.
    func record(_ site: HostSite) async throws -> Tenant? {
        let store = try await ConfiguredStore.openExisting(configuration)
        defer { store.close() }
        return try await store.tenant(.alias(TenantAlias(.connect, app: SampleApp.key, name: site.clientKey)))
    }
}
