import ArgumentParser

/// `host …`: a simulator of the host, to try a gateway in front of any app.
struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Plays Jira or Confluence: signs installs, pages, webhooks, Forge calls and moves.",
        discussion: """
            The gateway must take its public keys from the simulator, and be allowed to reach it:

              connect:  { installKeysUrl: "http://127.0.0.1:9000" }
              forge:    { jwksUrl: "http://127.0.0.1:9000/.well-known/jwks.json" }
              outbound: { allow: [127.0.0.1] }

            EXAMPLES
              residency-gateway host serve-keys --port 9000
              residency-gateway host install --gateway http://127.0.0.1:8080 --site alpha --region EU
              residency-gateway host page --site alpha
              residency-gateway host webhook --site alpha
              residency-gateway host forge --site alpha --path /forge --app-id ari:cloud:ecosystem::app/…
              residency-gateway host rotate --site alpha
              residency-gateway host migrate --site alpha --to US
              residency-gateway host uninstall --site alpha
            """,
        subcommands: [
            HostServeKeysCommand.self, HostSitesCommand.self, HostInstallCommand.self, HostRotateCommand.self,
            HostUninstallCommand.self, HostEnableCommand.self, HostDisableCommand.self, HostPageCommand.self,
            HostWebhookCommand.self, HostContextCommand.self, HostForgeCommand.self, HostMigrateCommand.self,
        ])
}

struct HostServeKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-keys", abstract: "Serves the public keys that the gateway verifies with.",
        discussion: "EXAMPLE\n  residency-gateway host serve-keys --port 9000")

    @OptionGroup var host: HostOptions

    @Option(help: "The port on 127.0.0.1; 0 for a free one.")
    var port = 9000

    func run() async throws {
        let state = try HostState.load(host.state)
        try state.save(host.state)
        let server = HostKeyServer.make(installKeys: state.installKeys, forgeKeys: state.forgeKeys, port: port)
        let isJSON = host.json || !Console.isOutputTerminal
        try await CommandServer.run(server) { port in
            let url = "http://127.0.0.1:\(port)"
            guard !isJSON else {
                let line: JSONValue = [
                    "event": "serving", "installKeysUrl": .text(url),
                    "jwksUrl": .text(url + HostKeyServer.keySetPath),
                ]
                return Console.write(String(decoding: line.bytes, as: UTF8.self))
            }
            Console.write("The gateway takes its keys from here with:")
            Console.write("  connect:  { installKeysUrl: \"\(url)\" }")
            Console.write("  forge:    { jwksUrl: \"\(url)\(HostKeyServer.keySetPath)\" }")
            Console.write("  outbound: { allow: [127.0.0.1] }")
        }
    }
}

struct HostSitesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "sites", abstract: "Lists the simulator's sites.")

    @OptionGroup var host: HostOptions

    func run() async throws {
        var table = TextTable(["SITE", "CLIENT KEY", "PRODUCT", "INSTALLED AT"])
        for site in try HostState.load(host.state).sites {
            if host.json {
                let line: JSONValue = [
                    "site": .text(site.name), "clientKey": .text(site.clientKey), "baseUrl": .text(site.baseUrl),
                    "installationId": .text(site.installationId),
                ]
                Console.write(String(decoding: line.bytes, as: UTF8.self))
            }
            table.add([site.name, site.clientKey, site.productType, site.appBaseUrl ?? "not installed"])
        }
        guard !host.json else { return }
        for line in table.lines(style: .standardOutput) { Console.write(line) }
    }
}
