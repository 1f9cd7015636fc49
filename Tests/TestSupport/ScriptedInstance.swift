import Foundation
package import NIOCore
import NIOPosix
import Synchronization

/// An app instance that does what the path of a request asks of it, and remembers what it was sent.
///
/// | path begins with | answer |
/// |---|---|
/// | `/echo` | 200 with a JSON object: instance, request line, fields, body length |
/// | `/raw/N` | the bytes registered as script `N`, whatever they are |
/// | `/silent` | nothing, the connection stays open |
/// | `/when-told` | 200 `later`, once the test says ``answerLater()`` |
/// | `/flood/N` | 200 with N bytes, written at once |
/// | `/websocket-flood/N` | 101, then N bytes, written at once |
/// | `/hangup` | the connection is closed without an answer |
/// | `/early` | 200 at once, before the body was read |
/// | `/stream/N` | N bytes in chunks |
/// | `/websocket` | 101, then everything is echoed |
/// | anything else | 200 `ok` |
package final class ScriptedInstance: Sendable {
    package let name: String
    package let port: Int
    private let closedPort = Mutex<ReservedPort?>(nil)
    private let channel: any Channel
    private let state: InstanceRequests

    /// What has arrived, in order.
    package var requests: [String] {
        state.events.compactMap { if case .request(let text) = $0 { text } else { nil } }
    }
    /// The last request of each connection that has been closed.
    package var closedAfter: [String] {
        state.events.compactMap { if case .closed(let text) = $0 { text } else { nil } }
    }
    /// Connections opened so far.
    package var connections: Int { state.connections }

    package init(name: String, scripts: [String: String] = [:], group: any EventLoopGroup) async throws {
        self.name = name
        let state = InstanceRequests()
        self.state = state
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ScriptedInstanceHandler(name: name, scripts: scripts, requests: state)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Waits until a request has arrived that `matches`.
    package func received(_ matches: @escaping @Sendable (String) -> Bool) async -> String {
        let event = await state.first { if case .request(let text) = $0 { matches(text) } else { false } }
        if case .request(let text) = event { return text }
        return ""
    }

    /// Waits until a connection has been closed whose last request `matches`.
    package func closed(after matches: @escaping @Sendable (String) -> Bool) async {
        _ = await state.first { if case .closed(let text) = $0 { matches(text) } else { false } }
    }

    /// Waits until a `/flood` has been taken whole, or its connection broke.
    /// - Returns: whether it was taken whole.
    package func flooded() async -> Bool {
        let event = await state.first { if case .flooded = $0 { true } else { false } }
        if case .flooded(let isComplete) = event { return isComplete }
        return false
    }

    /// Whether a flood has been taken to its end, or cut off.
    package var hasFlooded: Bool { state.events.contains { if case .flooded = $0 { true } else { false } } }

    /// Answers all that were asked for `/when-told`.
    package func answerLater() { state.answerLater() }

    /// Nobody answers at its port from now on.
    package func stop() async {
        try? await channel.close()
        let kept = try? ReservedPort(port)
        closedPort.withLock { $0 = kept }
    }
}
