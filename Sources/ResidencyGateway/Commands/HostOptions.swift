import ArgumentParser

/// What the subcommands of `host` have in common.
struct HostOptions: ParsableArguments {
    @Option(help: "The file that keeps the simulator's keys and sites.")
    var state = "host.json"

    @Flag(help: "One JSON object instead of a line of text.")
    var json = false
}
