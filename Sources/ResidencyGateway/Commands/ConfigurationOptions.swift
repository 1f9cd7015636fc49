import ArgumentParser
import Foundation

/// `--config FILE`, the same for every command that needs it.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config = "gateway.yaml"

    /// Reads the file and the environment over it; warnings go to standard error.
    func load() throws(Complaints) -> GatewayConfiguration {
        let loaded = try Self.read(config)
        for warning in loaded.warnings { Console.complain("warning: \(warning)") }
        return loaded.configuration
    }

    /// Reads the file and the environment over it.
    static func read(_ path: String) throws(Complaints) -> LoadedConfiguration {
        try ConfigurationFile.load(path: path, environment: ProcessInfo.processInfo.environment)
    }
}
