import ArgumentParser
import Foundation

/// `check`: says whether the gateway would start, and whether what it needs is there. Changes nothing.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validates configuration and declaration, and probes app instances and the store.",
        discussion: """
            Exit codes: 0 all is well, 1 something is not there or does not answer, 78 the configuration is wrong.
            For a Forge app it prints the lines of the manifest that put the gateway in front.

            EXAMPLES
              residency-gateway check --config gateway.yaml
              residency-gateway check --reference > configuration.md
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    @Flag(help: "Prints all keys of the configuration in Markdown, and checks nothing.")
    var reference = false

    func run() async throws {
        if reference { return print(ConfigurationReference.markdown, terminator: "") }
        let report = await GatewayCheck.run(file: options.config, environment: ProcessInfo.processInfo.environment)
        print(json ? report.json : report.table(style: .standardOutput))
        if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }
}
