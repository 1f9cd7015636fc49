import ArgumentParser
import Foundation

/// `--config FILE`, the same for every command that needs it.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: .customLong("config"), help: "The configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var file = "gateway.yaml"

    /// Reads the file and the environment of the process.
    /// - Throws: ``Complaints``.
    func load() throws(Complaints) -> LoadedConfiguration {
        try ConfigurationFile.load(path: file, environment: ProcessInfo.processInfo.environment)
    }
}
