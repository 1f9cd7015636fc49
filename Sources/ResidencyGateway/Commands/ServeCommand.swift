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
            accepting and waits for the requests under way; a second one ends at once. SIGHUP, or a changed file, has
            the configuration read again, whole or not at all; a line says `reloaded` or `reload-refused`.

            EXAMPLES
              residency-gateway serve --config gateway.yaml
              RESIDENCY_LISTEN_PORT=0 residency-gateway serve --config gateway.yaml
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.load()
        let log = AccessLogWriter(descriptor: STDERR_FILENO)
        defer { log.drain() }
        let threshold = LogThreshold(configuration.log.level)
        let logger = Logger(label: "residency-gateway") { JSONLogHandler(label: $0, writer: log, threshold: threshold) }
        let path = options.config
        let gateway = try await Gateway.make(
            configuration, logger: logger, accessLog: log,
            reload: ReloadSource(
                read: { () throws(Complaints) -> LoadedConfiguration in try ConfigurationOptions.read(path) },
                told: { Console.write(#"{"event":"\#($0.rawValue)"}"#) }, threshold: threshold))
        let group = gateway.serviceGroup()
        // Before anybody is told that it serves, and may send one.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await Self.follow(signals, gateway, group, log, logger) }
            tasks.addTask {
                guard let addresses = await gateway.addresses() else { return }
                // In this order, for people; addresses need no escaping.
                let peers = addresses.peers.map { #","peers":"\#($0)""# } ?? ""
                Console.write(
                    #"{"event":"serving","listen":"\#(addresses.listen)","admin":"\#(addresses.admin)"\#(peers)}"#)
            }
            defer { tasks.cancelAll() }
            try await group.run()
        }
    }

    /// Does what signals ask for, until it is cancelled: the first SIGTERM or SIGINT ends gracefully, a second at once.
    private static func follow(
        _ signals: UnixSignalsSequence, _ gateway: Gateway, _ group: ServiceGroup, _ log: AccessLogWriter,
        _ logger: Logger
    ) async {
        var isEnding = false
        for await signal in signals {
            if signal == .sighup {
                gateway.reload()
            } else if isEnding {
                logger.warning("Told to stop a second time: requests under way are cut.")
                log.drain()
                Glibc._exit(1)
            } else {
                isEnding = true
                logger.notice("Told to stop: requests under way come to their end first.")
                await group.triggerGracefulShutdown()
            }
        }
    }
}
