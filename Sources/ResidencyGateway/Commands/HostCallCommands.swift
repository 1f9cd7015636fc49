import ArgumentParser

/// The calls of a site, each a subcommand of `host`.
enum HostCallCommands {
    /// `NAME=VALUE` of the command line.
    @Sendable static func parameter(_ text: String) throws -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("\"\(text)\" is not NAME=VALUE.")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    @Sendable static func json(_ text: String) throws -> JSONValue {
        guard let value = JSONValue(Array(text.utf8)) else { throw ValidationError("--body is not JSON.") }
        return value
    }

    static func path(_ given: String?, _ declared: [String], _ what: String) throws -> String {
        guard let path = given ?? declared.first else {
            throw HostError("the app's descriptor declares no \(what); name its path with --path")
        }
        guard path.hasPrefix("/") else { throw HostError("--path must begin with a slash") }
        return path
    }
}

struct HostPageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "page", abstract: "Opens a page of the app in a site, as its iframe does.",
        discussion: """
            EXAMPLES
              residency-gateway host page --site alpha --parameter issueKey=DEMO-1
              residency-gateway host page --site alpha --flaw forged
              residency-gateway host page --site alpha --curl
            """)

    @OptionGroup var options: HostCallOptions

    @Option(help: "The page's path; the first of the descriptor without it.")
    var path: String?

    @Option(help: "A parameter of the page, NAME=VALUE; may be repeated.", transform: HostCallCommands.parameter)
    var parameter: [(name: String, value: String)] = []

    @Option(help: "Make the token wrong: forged, expired, wrongHash or unsigned.")
    var flaw: HostSimulator.Flaw?

    func run() async throws {
        let (path, parameter, flaw, options) = (path, parameter, flaw, options)
        try await options.withScene { scene in
            let site = try scene.site(options.site)
            let call = scene.simulator.page(
                site: site, path: try HostCallCommands.path(path, scene.app.pages, "page"),
                baseURL: try options.baseURL(scene, site: site), parameters: parameter, flaw: flaw)
            try await options.make(call, scene)
        }
    }
}

struct HostWebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Sends a webhook of a site.",
        discussion: "EXAMPLE\n  residency-gateway host webhook --site alpha --body '{\"issue\":{\"key\":\"DEMO-1\"}}'")

    @OptionGroup var options: HostCallOptions

    @Option(help: "The webhook's path; the first of the descriptor without it.")
    var path: String?

    @Option(help: "The body, as JSON.", transform: HostCallCommands.json)
    var body: JSONValue = ["webhookEvent": "jira:issue_created", "issue": ["key": "DEMO-1"]]

    @Option(help: "Make the token wrong: forged, expired, wrongHash or unsigned.")
    var flaw: HostSimulator.Flaw?

    func run() async throws {
        let (path, body, flaw, options) = (path, body, flaw, options)
        try await options.withScene { scene in
            let site = try scene.site(options.site)
            let call = scene.simulator.webhook(
                site: site, path: try HostCallCommands.path(path, scene.app.webhooks, "webhook"),
                baseURL: try options.baseURL(scene, site: site), body: body, flaw: flaw)
            try await options.make(call, scene)
        }
    }
}

struct HostContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context-call", abstract: "Calls the app as the script of a page does, with a context token.",
        discussion: """
            EXAMPLES
              residency-gateway host context-call --site alpha --path /api/notes
              residency-gateway host context-call --site alpha --path /api/notes --method POST --body '{"text":"hi"}'
            """)

    @OptionGroup var options: HostCallOptions

    @Option(help: "The path.")
    var path: String

    @Option(help: "The method.")
    var method = "GET"

    @Option(help: "The body, as JSON.", transform: HostCallCommands.json)
    var body: JSONValue?

    func run() async throws {
        let (path, method, body, options) = (path, method, body, options)
        try await options.withScene { scene in
            let site = try scene.site(options.site)
            let call = scene.simulator.contextCall(
                site: site, method: method.uppercased(), path: try HostCallCommands.path(path, [], "path"),
                baseURL: try options.baseURL(scene, site: site), body: body)
            try await options.make(call, scene)
        }
    }
}

struct HostForgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forge", abstract: "Calls the app as Forge does, with an invocation token.",
        discussion:
            "EXAMPLE\n  residency-gateway host forge --site beta --app-id ari:cloud:ecosystem::app/… --path /forge")

    @OptionGroup var options: HostCallOptions

    @Option(help: "The app's ARI: forge.appId of the gateway's configuration.")
    var appID: String

    @Option(help: "The path.")
    var path: String

    @Option(help: "The method.")
    var method = "POST"

    @Option(help: "The environment in the token.")
    var environment = "PRODUCTION"

    @Option(help: "The body, as JSON.", transform: HostCallCommands.json)
    var body: JSONValue = [:]

    func run() async throws {
        let (command, options) = (self, options)
        try await options.withScene(needsDescriptor: false) { scene in
            let site = scene.state.site(options.site) ?? .random(named: options.site)
            let call = try scene.simulator.forgeCall(
                site: site, appID: command.appID, method: command.method.uppercased(),
                path: try HostCallCommands.path(command.path, [], "path"),
                baseURL: try options.baseURL(scene, site: site), environment: command.environment, body: command.body)
            guard try await options.make(call, scene) else { return }
            scene.state.keep(site)
            try scene.state.save(options.host.state)
        }
    }
}

extension HostSimulator.Flaw: ExpressibleByArgument {}
