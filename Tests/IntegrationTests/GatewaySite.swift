import Foundation
import TestSupport
import Testing

@testable import ResidencyGateway

/// What stands around a gateway that runs as a process of its own: two instances of the sample app and the simulated
/// host's key server, processes too, and the files of all of them.
final class GatewaySite: Sendable {
    let settings: DemoSettings
    let config: String
    let hostState: String
    private let neighbours: [ChildProcess]

    init() async throws {
        let settings = try DemoSettings(port: 0)
        self.settings = settings
        hostState = settings.file("host.json")
        let keys = try ChildProcess(["host", "serve-keys", "--port", "0", "--state", hostState, "--json"])
        let apps = try ["eu", "us"].map { name in
            try ChildProcess(
                ["sample-app", "--port", "0", "--name", name, "--database", settings.file("app-\(name).sqlite")])
        }
        neighbours = [keys] + apps
        let keysURL = try #require(Self.member("installKeysUrl", of: await keys.line()))
        let eu = try #require(Self.member("listen", of: await apps[0].line()))
        let us = try #require(Self.member("listen", of: await apps[1].line()))
        config = try settings.write(
            euPort: try Self.port(of: eu), usPort: try Self.port(of: us), keysPort: try Self.port(of: keysURL))
    }

    deinit {
        for neighbour in neighbours { neighbour.killAtOnce() }
        settings.remove()
    }

    /// Starts `serve` and waits for its line.
    func serve() async throws -> ChildProcess {
        let gateway = try ChildProcess(["serve", "--config", config])
        let line = await gateway.line()
        guard Self.member("event", of: line) == "serving" else {
            gateway.killAtOnce()
            Issue.record("did not serve: \(await gateway.ending().errors)")
            throw CancellationError()
        }
        return gateway
    }

    /// Runs a command of the simulated host against the gateway.
    func host(_ arguments: [String]) async throws -> ChildProcess.Ending {
        try await ChildProcess.run(
            ["host"] + arguments + ["--gateway", settings.plainURL, "--state", hostState, "--json"])
    }

    /// Runs a command on the gateway's directory.
    func command(_ arguments: [String]) async throws -> ChildProcess.Ending {
        try await ChildProcess.run(arguments + ["--config", config])
    }

    /// A member of a line of JSON.
    static func member(_ name: String, of line: String?) -> String? {
        JSONValue(Array((line ?? "").utf8))?[name]?.text
    }

    private static func port(of address: String) throws -> Int {
        try #require(address.split(separator: ":").last.flatMap { Int($0) })
    }
}
