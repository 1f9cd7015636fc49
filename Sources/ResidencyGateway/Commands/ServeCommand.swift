import ArgumentParser
import Glibc
import Logging
import RegionRouter
import ServiceLifecycle
import UnixSignals

/// `serve`: runs the gateway until SIGTERM or SIGINT, then lets requests come to their end.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the gateway.",
        discussion: """
            One line of JSON on standard output says that it serves, and where; logs go to standard error. SIGTERM stops
            accepting and waits for the requests under way.

            EXAMPLES
              residency-gateway serve --config gateway.yaml
              RESIDENCY_LISTEN_PORT=0 residency-gateway serve --config gateway.yaml
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.load()
        let log = AccessLogWriter(descriptor: STDERR_FILENO)
        defer { log.drain() }
        var logger = Logger(label: "residency-gateway") { JSONLogHandler(label: $0, writer: log) }
        logger.logLevel = configuration.log.level
        let gateway = try await Gateway.make(configuration, logger: logger, accessLog: log)
        let group = gateway.serviceGroup(signals: [.sigterm, .sigint])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            if let addresses = await gateway.addresses() {
                // In this order, for people; addresses need no escaping.
                Console.write(
                    #"{"event":"serving","listen":"\#(addresses.listen)","admin":"\#(addresses.admin)"}"#)
            }
            try await tasks.waitForAll()
        }
    }
}
