import ArgumentParser

/// The lifecycle callbacks, each a subcommand of `host`.
enum HostLifecycleCommands {
    /// Sends one callback, and keeps the site as it then is.
    static func send(
        _ event: String, _ options: HostCallOptions, makingSite: (@Sendable (HostSite?) -> HostSite)? = nil,
        product: String = "jira"
    ) async throws {
        try await options.withScene { scene in
            guard let path = scene.app.lifecycle[event] else {
                throw HostError("the app's descriptor declares no lifecycle.\(event)")
            }
            var site: HostSite
            if let makingSite {
                site = makingSite(scene.state.site(options.site))
            } else {
                site = try scene.site(options.site)
            }
            let baseURL = try options.baseURL(scene, site: site)
            let call = scene.simulator.lifecycle(event, site: site, path: path, baseURL: baseURL)
            guard try await options.make(call, scene) else { return }
            site.appBaseUrl = event == "uninstalled" ? nil : baseURL
            scene.state.keep(site)
            try scene.state.save(options.host.state)
        }
    }
}

struct HostInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Installs the app on a site; repeating it is what an app update does.",
        discussion: "EXAMPLE\n  residency-gateway host install --gateway http://127.0.0.1:8080 --site alpha --region EU"
    )

    @OptionGroup var options: HostCallOptions

    @Option(help: "jira or confluence.")
    var product = "jira"

    func run() async throws {
        let (name, product) = (options.site, product)
        try await HostLifecycleCommands.send(
            "installed", options, makingSite: { $0 ?? .random(named: name, product: product) })
    }
}

struct HostRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Gives a site a new shared secret, and installs again with it.")

    @OptionGroup var options: HostCallOptions

    func run() async throws {
        let name = options.site
        try await HostLifecycleCommands.send(
            "installed", options,
            makingSite: { known in
                var site = known ?? .random(named: name)
                site.previousSecret = site.sharedSecret
                site.sharedSecret = HostNames.secret()
                return site
            })
    }
}

struct HostUninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Uninstalls the app from a site.")

    @OptionGroup var options: HostCallOptions

    func run() async throws { try await HostLifecycleCommands.send("uninstalled", options) }
}

struct HostEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "enable", abstract: "Says that the app was enabled.")

    @OptionGroup var options: HostCallOptions

    func run() async throws { try await HostLifecycleCommands.send("enabled", options) }
}

struct HostDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "disable", abstract: "Says that the app was disabled.")

    @OptionGroup var options: HostCallOptions

    func run() async throws { try await HostLifecycleCommands.send("disabled", options) }
}
