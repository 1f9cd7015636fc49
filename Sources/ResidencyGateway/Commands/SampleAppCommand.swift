import ArgumentParser
import Foundation
import ServiceLifecycle
import TenantDirectory
import UnixSignals

/// `sample-app`: one instance of the sample app.
struct SampleAppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-app", abstract: "Runs a tiny Connect app that shows which region answered.",
        discussion: """
            It knows one database and no regions; put one a region behind a gateway. It believes whoever calls it, so it
            listens on the loopback address alone.

            With a secret in the environment variable SAMPLE_APP_SECRET, and its data in a file, it answers the calls
            of config/store-contract.yaml under /residency, so that its tenants can be moved.

            EXAMPLES
              residency-gateway sample-app --port 3001 --database eu.sqlite --name sample-eu
              residency-gateway sample-app --port 3002 --database us.sqlite --name sample-us
              residency-gateway sample-app --port 3001 --database postgresql://app@127.0.0.1/eu --name sample-eu
            """)

    /// The environment variable with the secret that calls of the contract are signed with.
    static let secretVariable = "SAMPLE_APP_SECRET"

    @Option(help: "The port; 0 for a free one.")
    var port = 3001

    @Option(
        help: """
            Its data: an SQLite file, made where it is not there, or the URL of a PostgreSQL database, where it makes \
            the tables it lacks. Passwords come from PGPASSWORD or PGPASSFILE.
            """)
    var database = "sample-app.sqlite"

    @Option(help: "How it calls itself.")
    var name = "sample-app"

    func run() async throws {
        let store: any SampleStore
        do {
            let isPostgres = ["postgresql://", "postgres://"].contains { database.hasPrefix($0) }
            store =
                isPostgres
                ? try await PostgresSampleStore(url: database) : try SQLiteSampleStore(path: database)
        } catch {
            throw HostError("\(database) cannot be used: \(error)")
        }
        let secret = Secret(ProcessInfo.processInfo.environment[Self.secretVariable] ?? "")
        // What is in PostgreSQL moves by the mover for that.
        let contract = (store as? SQLiteSampleStore).flatMap { SampleContract(store: $0, secret: secret) }
        let app = SampleApp(name: name, store: store, contract: contract)
        let server = app.server(port: port)
        try await CommandServer.run(server) { port in
            Console.write(
                String(
                    decoding: JSONValue.object([
                        "event": "serving", "listen": .text("127.0.0.1:\(port)"), "name": .text(name),
                    ]).bytes, as: UTF8.self))
        }
    }
}

/// Runs a small server until the process is told to stop.
enum CommandServer {
    static func run(_ server: SmallServer, whenServing: @Sendable @escaping (Int) async -> Void) async throws {
        let group = ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: ConfiguredStore.commandLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            if let port = await server.boundPort() { await whenServing(port) }
            try await tasks.waitForAll()
        }
    }
}
