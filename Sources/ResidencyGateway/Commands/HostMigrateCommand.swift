import ArgumentParser
import RealmMigration

/// `host migrate`: the host moves a site's data to another region.
struct HostMigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Moves a site to another region, as the host's orchestration does.",
        discussion: """
            It calls the residency hooks: schedule, start, status until the app is ready, commit or rollback. The host
            asks for the status every five minutes; with --speed 600 every half second, and the window is shorter in
            the same way. Afterwards the site calls the app at the new region's URL.

            EXAMPLES
              residency-gateway host migrate --site alpha --to US
              residency-gateway host migrate --site alpha --to US --speed 1 --window 2
              residency-gateway host migrate --site alpha --to US --rollback
              residency-gateway host migrate --site alpha --to US --hooks /migration --app-id ari:cloud:ecosystem::app/…
            """)

    @OptionGroup var options: HostCallOptions

    @Option(help: "The region where the data is to be.")
    var to: String

    @Option(help: "The path of the hooks; without it what the descriptor says in lifecycle.dare-migration.")
    var hooks: String?

    @Option(help: "The app's ARI: the hooks are called as Forge calls them, with an invocation token.")
    var appID: String?

    @Option(help: "How much faster the host's clock runs.")
    var speed: Double = 600

    @Option(help: "Hours until the window ends, in the host's time.")
    var window: Double = 2

    @Option(help: "The host's number of the migration; another one each time without it.")
    var migrationId: Int?

    @Flag(help: "Roll back instead of committing.")
    var rollback = false

    func validate() throws {
        guard speed > 0, speed <= 1_000_000 else { throw ValidationError("--speed must be a number above 0") }
        guard window > 0, window <= 24 else { throw ValidationError("--window must be above 0 and at most 24 hours") }
        guard !options.curl else { throw ValidationError("a migration is several calls, which --curl cannot print") }
    }

    func run() async throws {
        let command = self
        try await options.withScene(needsDescriptor: appID == nil) { scene in
            guard let prefix = command.hooks ?? scene.app.lifecycle["dare-migration"] else {
                throw HostError("the app's descriptor declares no lifecycle.dare-migration; say --hooks")
            }
            var site = try scene.site(command.options.site)
            let run = HostMigrationRun(
                simulator: scene.simulator, caller: scene.caller, site: site, prefix: prefix,
                baseURL: try command.options.baseURL(scene, site: site), target: command.to,
                id: command.migrationId ?? Int.random(in: 1...1_000_000_000), appID: command.appID,
                speed: command.speed, window: .seconds(command.window * 3_600))
            let isJSON = command.options.host.json
            let outcome = try await run.run(rollsBack: command.rollback) { step, seen in
                if let seen {
                    HostReport.write(seen, json: isJSON)
                } else {
                    Console.write(isJSON ? #"{"call":"\#(step.rawValue)","status":0}"# : "\(step.rawValue)  no answer")
                }
            }
            switch outcome {
            case .committed:
                site.appBaseUrl = (try? scene.app.baseURL(region: command.to)) ?? site.appBaseUrl
                scene.state.keep(site)
                try scene.state.save(command.options.host.state)
                Console.write(
                    isJSON ? #"{"outcome":"committed"}"# : "committed: \(site.name) calls the app in \(command.to) now")
            case .rolledBack(let why):
                let line: JSONValue = ["outcome": "rolled back", "why": .text(why)]
                Console.write(
                    isJSON ? String(decoding: line.bytes, as: UTF8.self) : "rolled back: \(why); nothing has moved")
                if !command.rollback { throw ExitCode(1) }
            }
        }
    }
}
