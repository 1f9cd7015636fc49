import ArgumentParser

/// `demo`: see it work, with nothing to set up.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs an app in two regions, the gateway and a simulated host, and shows every call.",
        discussion: """
            On a terminal it then keeps serving, with URLs and curl commands to try; elsewhere it ends, with exit code 0
            if all went as it must and 1 if not. All its files are in a folder that goes with it.

            EXAMPLES
              residency-gateway demo
              residency-gateway demo --once --port 0
            """)

    @Option(help: "The gateway's port; another free one where it is taken, or for 0.")
    var port = 8080

    @Flag(help: "End after the story on a terminal too.")
    var once = false

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be from 0 to 65535.") }
    }

    func run() async throws {
        let settings = try DemoSettings(port: port)
        defer { settings.remove() }
        let demo = Demo(
            settings: settings, screen: DemoScreen(style: .standardOutput),
            staysOn: Console.isOutputTerminal && !once)
        guard try await demo.run() else { throw ExitCode(1) }
    }
}
