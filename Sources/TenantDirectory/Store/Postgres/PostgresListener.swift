import Glibc
import ServiceLifecycle

/// Hears of other nodes' changes at once, on a connection of its own, and wakes the reader of the feed. A hint only:
/// the feed is read at its interval anyway, and a database that cannot tell is as good.
package final class PostgresListener: Service {
    /// Between two tries while the server is away: the first, and the longest.
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(1)
    /// Before a database is asked again that cannot tell.
    private static let pauseWithoutHints = Duration.seconds(5)

    /// Is told of changes.
    package let hint = ChangeHint()
    private let settings: PostgresSettings
    private let address: PostgresAddress

    init(_ settings: PostgresSettings, address: PostgresAddress) {
        self.settings = settings
        self.address = address
    }

    package func run() async throws {
        // What it waits for is let go of without harm.
        await cancelWhenGracefulShutdown { await self.listen() }
    }

    private func listen() async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            let connection = PostgresConnection(settings, address: address)
            do {
                try await connection.open()
                try await connection.listen()
                // What was told while nobody listened is in the feed.
                hint.signal()
                pause = Self.firstPause
                try await follow(connection)
            } catch let failure as PostgresFailure where failure.kind == .statement {
                // The database cannot tell.
                pause = Self.pauseWithoutHints
            } catch {
                pause = min(pause * 2, Self.longestPause)
            }
            try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
        }
    }

    private func follow(_ connection: PostgresConnection) async throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PostgresFailure(.connection) }
        let (wake, signal) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in [wake, signal] { close(end) } }
        try await withTaskCancellationHandler {
            while try await connection.waitForChange(wake: wake) { hint.signal() }
        } onCancel: {
            var byte: UInt8 = 1
            _ = write(signal, &byte, 1)
        }
    }
}
