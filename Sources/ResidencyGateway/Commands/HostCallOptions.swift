import ArgumentParser
import Foundation
import RealmMigration

/// What those that call a gateway have in common.
struct HostCallOptions: ParsableArguments {
    @OptionGroup var host: HostOptions

    @Option(help: "The gateway, as http://HOST:PORT; its descriptor says the rest.")
    var gateway = "http://127.0.0.1:8080"

    @Option(help: "PEM of the authority that signed the gateway's certificate; without it those of the system.")
    var ca: String?

    @Option(help: "Where the gateway serves the descriptor.")
    var descriptorPath = "/atlassian-connect.json"

    @Option(help: "The site that calls.")
    var site = "alpha"

    @Option(
        help:
            "The region whose URL is called, such as EU, or GLOBAL. Without it: where the site was installed."
    )
    var region: String?

    @Flag(help: "Print the call as a curl command instead of making it.")
    var curl = false

    /// Everything a call needs.
    struct Scene: Sendable {
        var state: HostState
        let app: ServedApp
        let simulator: HostSimulator
        let caller: HostCaller

        /// A site that has been installed.
        func site(_ name: String) throws -> HostSite {
            guard let site = state.site(name) else {
                throw HostError("there is no site \(name); `residency-gateway host install --site \(name)` makes it")
            }
            return site
        }
    }

    /// Reads the state and the gateway's descriptor, and lets a block make its call.
    ///
    /// - Parameter needsDescriptor: `false` for calls that say all by themselves: a Forge app serves no descriptor.
    func withScene(
        needsDescriptor: Bool = true, _ body: @escaping @Sendable (inout Scene) async throws -> Void
    ) async throws {
        let path = host.state
        let known = FileManager.default.fileExists(atPath: path)
        let state = try HostState.load(path)
        if !known { try state.save(path) }
        var outbound = HostCaller.outbound
        outbound.tls.authorityFile = ca
        try await withOutboundClient(outbound) { client in
            let caller = HostCaller(client: client)
            let app: ServedApp
            do {
                app = try await caller.app(at: gateway, descriptorPath: descriptorPath)
            } catch let error as HostError {
                guard !needsDescriptor else { throw error }
                app = ServedApp(baseURL: gateway)
            }
            let simulator = HostSimulator(
                installKeys: state.installKeys, forgeKeys: state.forgeKeys, appKey: app.key)
            var scene = Scene(state: state, app: app, simulator: simulator, caller: caller)
            try await body(&scene)
        }
    }

    func baseURL(_ scene: Scene, site: HostSite?) throws -> String {
        if let region { return try scene.app.baseURL(region: region) }
        return site?.appBaseUrl ?? scene.app.baseURL
    }

    /// Makes a call, or shows how to; fails when the answer is not 2xx.
    /// - Returns: whether the call was made.
    @discardableResult
    func make(_ call: HostCallMade, _ scene: Scene) async throws -> Bool {
        guard !curl else {
            Console.write(call.curl)
            return false
        }
        let seen = try await scene.caller.send(call)
        HostReport.write(seen, json: host.json)
        guard (200..<300).contains(seen.status) else { throw ExitCode(1) }
        return true
    }
}
