import CLibCurl
import Foundation
import ServiceLifecycle
import Synchronization

/// The one client for calls to other servers: key servers today, whatever else is not the data plane.
///
/// 1. One thread runs one libcurl multi handle; everything of libcurl's happens on it.
/// 2. Only http and https, no redirects, no proxy of the environment, no private address that is not allowed.
/// 3. Every call is bounded in time and size, their number too; a cancelled task's call is given up.
///
/// Calls made before ``run()`` wait for it; after a graceful shutdown they are refused with `stopped`.
package final class OutboundClient: Service {
    private let shared: OutboundQueue
    private let configuration: OutboundConfiguration

    package init(_ configuration: OutboundConfiguration = OutboundConfiguration()) {
        self.configuration = configuration
        self.shared = OutboundQueue(maxInFlight: configuration.maxInFlight)
    }

    /// Runs the thread until the service group shuts down or the task is cancelled; calls under way then fail.
    package func run() async throws {
        let loop = OutboundLoop(queue: shared, configuration: configuration)
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread {
                    loop.run()
                    continuation.resume()
                }
                thread.name = "outbound"
                thread.start()
            }
        } onCancelOrGracefulShutdown: { [shared] in
            shared.stop()
        }
    }

    /// Makes a call and waits for the whole answer, of whatever status but a redirect.
    /// - Throws: ``OutboundError``.
    package func fetch(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        try request.validate()
        let id = shared.nextID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                shared.enqueue(OutboundTransfer(id: id, request: request, continuation: continuation))
            }
        } onCancel: { [shared] in
            shared.cancel(id)
        }
        shared.forget(id)
        return try result.get()
    }
}

/// A client for the length of a block, for commands that have no service group.
package func withOutboundClient<Value: Sendable>(
    _ configuration: OutboundConfiguration, _ body: @Sendable (OutboundClient) async throws -> Value
) async throws -> Value {
    let client = OutboundClient(configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        defer { group.cancelAll() }
        return try await body(client)
    }
}
