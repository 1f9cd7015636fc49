package import Logging
package import RealmMigration
package import RegionRouter
import ServiceLifecycle
import Synchronization
package import TenantDirectory

/// The host's public keys: fetched with the outbound client, kept by ``KeyCacheMachine``.
///
/// Fetches are children of ``run()``, not of whoever asked first: a caller that leaves stops nobody else's answer.
/// Questions asked before `run()` wait for it.
package final class PublicKeyCache: PublicKeySource, Service {
    private struct State {
        var machine: KeyCacheMachine<RSAPublicKey>
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Result<RSAPublicKey, KeyFailure>, Never>] = [:]
        var isStopped = false
    }

    private let configuration: PublicKeyConfiguration
    private let client: OutboundClient
    private let logger: Logger
    private let state: Mutex<State>
    private let documents: AsyncStream<KeyDocument>
    private let fetches: AsyncStream<KeyDocument>.Continuation

    package init(
        configuration: PublicKeyConfiguration, client: OutboundClient, logger: Logger,
        limits: KeyCacheMachine<RSAPublicKey>.Limits = .init()
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.state = Mutex(State(machine: KeyCacheMachine(limits: limits)))
        // The machine bounds the fetches under way, so the stream cannot grow past that.
        (documents, fetches) = AsyncStream.makeStream()
    }

    package func cached(_ query: PublicKeyQuery) -> RSAPublicKey? {
        guard let document = try? KeyDocument.holding(query, configuration: configuration) else { return nil }
        return state.withLock { $0.machine.cached(query.kid, of: document, at: .now) }
    }

    package func key(_ query: PublicKeyQuery) async throws(RouterError) -> RSAPublicKey {
        let document = try KeyDocument.holding(query, configuration: configuration)
        switch await ask(query.kid, of: document) {
        case .success(let key): return key
        case .failure(let failure): throw failure.routerError(for: document, retryAfterSeconds: 5)
        }
    }

    /// Fetches what is asked for until the service group shuts down.
    package func run() async throws {
        if configuration.prefetchesForge {
            prefetch(KeyDocument(url: configuration.forgeKeySetURL, format: .keySet))
        }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await document in documents {
                    group.addTask { await self.fetch(document) }
                }
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: { [fetches] in
            fetches.finish()
        }
        stop()
    }

    // MARK: Waiting

    private func ask(_ kid: String, of document: KeyDocument) async -> Result<RSAPublicKey, KeyFailure> {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wait(continuation, as: waiter, for: kid, of: document)
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.machine.giveUp(waiter, of: document)
                return state.waiters.removeValue(forKey: waiter)
            }
            continuation?.resume(returning: .failure(.timedOut))
        }
    }

    private func wait(
        _ continuation: CheckedContinuation<Result<RSAPublicKey, KeyFailure>, Never>, as waiter: UInt64,
        for kid: String, of document: KeyDocument
    ) {
        let (answer, fetches): (Result<RSAPublicKey, KeyFailure>?, Bool) = state.withLock { state in
            guard !state.isStopped, !Task.isCancelled else { return (.failure(.unreachable), false) }
            let step = state.machine.ask(kid, of: document, waiter: waiter, at: .now)
            switch step.answer {
            case .key(let key): return (.success(key), step.fetches)
            case .failure(let failure): return (.failure(failure), step.fetches)
            case .wait:
                state.waiters[waiter] = continuation
                return (nil, step.fetches)
            }
        }
        if fetches { self.fetches.yield(document) }
        if let answer { continuation.resume(returning: answer) }
        // A cancellation between the check above and the entry in the table found no one to tell.
        if answer == nil, Task.isCancelled {
            let continuation = state.withLock { state in
                state.machine.giveUp(waiter, of: document)
                return state.waiters.removeValue(forKey: waiter)
            }
            continuation?.resume(returning: .failure(.timedOut))
        }
    }

    private func prefetch(_ document: KeyDocument) {
        let isDue = state.withLock { $0.machine.prefetch(document, at: .now) }
        if isDue { fetches.yield(document) }
    }

    // MARK: Fetching

    private func fetch(_ document: KeyDocument) async {
        let result = await load(document)
        if case .failure(let failure) = result {
            logger.warning(
                "a key document could not be had",
                metadata: [
                    "server": "\(OutboundRequest.origin(of: document.url))", "failure": "\(failure.label)",
                ])
        }
        tell { $0.fetched(document, result, at: .now) }
    }

    private func load(_ document: KeyDocument) async -> Result<[String: RSAPublicKey], KeyFailure> {
        let isPEM = document.format != .keySet
        let request = OutboundRequest(
            url: document.url, maxBytes: isPEM ? KeySetReader.maxPEMBytes : KeySetReader.maxKeySetBytes,
            timeout: configuration.fetchTimeout)
        do throws(OutboundError) {
            let response = try await client.fetch(request)
            return Self.read(response, as: document.format)
        } catch {
            return .failure(KeyFailure(error))
        }
    }

    private static func read(
        _ response: OutboundResponse, as format: KeyDocument.Format
    ) -> Result<[String: RSAPublicKey], KeyFailure> {
        switch (response.status, format) {
        // A key set is not a name that may be unknown: without it the server is out of order.
        case (404, .pem), (410, .pem): return .failure(.notFound)
        case (200, .pem(let kid)): return Result { () throws(KeyFailure) in [kid: try KeySetReader.pem(response.body)] }
        case (200, .keySet): return Result { () throws(KeyFailure) in try KeySetReader.keySet(response.body) }
        default: return .failure(.badStatus(response.status))
        }
    }

    private func stop() {
        state.withLock { $0.isStopped = true }
        tell { $0.abandonAll() }
    }

    /// Lets the machine decide whom to tell, and tells them outside the lock.
    private func tell(
        _ event: (inout KeyCacheMachine<RSAPublicKey>) -> [KeyCacheMachine<RSAPublicKey>.Release]
    ) {
        let told = state.withLock { state in
            event(&state.machine).map { ($0.result, state.waiters.removeValue(forKey: $0.waiter)) }
        }
        for (result, continuation) in told { continuation?.resume(returning: result) }
    }
}

extension PublicKeyQuery {
    /// The key's name, whichever set it is in.
    var kid: String {
        switch self {
        case .install(let kid, _): kid
        case .forge(let kid, _, _): kid
        }
    }
}
