import ArgumentParser

/// `nodes …`: the gateway processes that share a directory.
struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "Lists the nodes of the directory, and takes away those that are gone.",
        discussion: """
            EXAMPLES
              residency-gateway nodes list
              residency-gateway nodes remove eu-2
              residency-gateway nodes remove eu-2 --proven-dead
            """,
        subcommands: [NodesListCommand.self, NodesRemoveCommand.self])
}
