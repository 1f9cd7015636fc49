import ArgumentParser

/// `stores …`: the app's own stores, as migrations know them.
struct StoresCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stores",
        abstract: "Has a copy of a region's database become a store of its own.",
        discussion: """
            EXAMPLES
              residency-gateway stores adopt main DE     DE's database was made from a backup of another region's
            """,
        subcommands: [StoresAdoptCommand.self])
}
