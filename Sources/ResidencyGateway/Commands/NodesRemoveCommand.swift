import ArgumentParser
import TenantDirectory

struct NodesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Takes away a node that does not come back.",
        discussion: """
            A node that is stopped in the ordinary way takes itself away. One that is taken away so may be alive and
            serve, out of reach: its row stays, as silent, and cutovers wait for it until mirror.maxAge is over, which
            is how long it could serve. Another process may have its name at once.

            EXAMPLES
              residency-gateway nodes remove eu-2
              residency-gateway nodes remove eu-2 --proven-dead     its machine is switched off: nobody waits
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The node's name, as `nodes list` shows it.")
    var node: String

    @Flag(help: "The process is known to have ended: no cutover waits for it. Be right: it is named in receipts.")
    var provenDead = false

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let count = try await store.removeNode(node, isProvenDead: provenDead)
        guard count > 0 else {
            Console.complain("There is no node \"\(node)\"; `residency-gateway nodes list` shows those there are.")
            throw ExitCode(1)
        }
        Console.write(
            provenDead
                ? "\(node) is gone." : "\(node) is silent: cutovers wait for it until mirror.maxAge has passed.")
    }
}
