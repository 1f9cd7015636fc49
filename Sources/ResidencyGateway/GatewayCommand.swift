import ArgumentParser
import Foundation
import TenantDirectory

/// The program: `residency-gateway COMMAND`. Exit codes: 0 fine, 1 failed, 64 usage, 78 wrong configuration.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "residency-gateway",
        abstract: "Sends each tenant's calls to the app instance of the region its data lives in.",
        discussion: """
            EXAMPLES
              residency-gateway demo                         see it work, with nothing to set up
              residency-gateway check --config gateway.yaml  is the configuration right?
              residency-gateway serve --config gateway.yaml  run the gateway
            """,
        subcommands: [
            ServeCommand.self, CheckCommand.self, TenantsCommand.self, NodesCommand.self, SecretsCommand.self,
            MigrateCommand.self, StoresCommand.self,
            DemoCommand.self, SampleAppCommand.self, HostCommand.self,
        ])

    /// Parses the arguments and runs the command; ends the process with its code.
    static func start() async {
        do {
            var command = try parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Wrong configuration is said complaint by complaint; what the parser throws it says itself.
    private static func end(with error: any Error) -> Never {
        switch error {
        case let complaints as Complaints:
            Console.complain(complaints.description)
            Foundation.exit(Complaints.exitCode)
        case let error as DirectoryError:
            Console.complain(error.description)
            Foundation.exit(error.isConfigurationFault ? Complaints.exitCode : 1)
        default: exit(withError: error)
        }
    }
}

extension DirectoryError {
    /// The store or its key is not what the configuration says, which no second try changes.
    fileprivate var isConfigurationFault: Bool {
        switch code {
        case .notADirectory, .newerSchema, .wrongKey: true
        case .unavailable, .busy, .conflict, .unknownTenant, .badImport: false
        }
    }
}
