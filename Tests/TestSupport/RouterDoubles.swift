import Glibc
package import RegionRouter
import Synchronization
package import TenantDirectory

/// No key is known.
package struct NoKeys: PublicKeySource {
    package init() {}
    package func cached(_ query: PublicKeyQuery) -> RSAPublicKey? { nil }
    package func key(_ query: PublicKeyQuery) async throws(RouterError) -> RSAPublicKey {
        throw RouterError(.unknownKey, "no key is known")
    }
}

/// One key for every question, at hand once it has been fetched.
package final class OneKey: PublicKeySource {
    private let key: RSAPublicKey
    private let isFetched = Atomic<Bool>(false)

    package init(_ key: RSAPublicKey) { self.key = key }

    package func cached(_ query: PublicKeyQuery) -> RSAPublicKey? {
        isFetched.load(ordering: .acquiring) ? key : nil
    }

    package func key(_ query: PublicKeyQuery) async throws(RouterError) -> RSAPublicKey {
        isFetched.store(true, ordering: .releasing)
        return key
    }
}

/// Refuses every call for the gateway.
package struct NoEndpoints: HostEndpoints {
    package init() {}
    package func answer(_ call: HostCall) async -> HostAnswer { .refuse(RouterError(.notFound, "nothing is here")) }
}

/// Answers as a closure says.
package struct ScriptedEndpoints: HostEndpoints {
    private let script: @Sendable (HostCall) async -> HostAnswer
    package init(_ script: @escaping @Sendable (HostCall) async -> HostAnswer) { self.script = script }
    package func answer(_ call: HostCall) async -> HostAnswer { await script(call) }
}

/// Answers other nodes as a closure says.
package struct ScriptedPeerEndpoints: PeerEndpoints {
    private let script: @Sendable (PeerCall) async -> HostResponse
    package init(_ script: @escaping @Sendable (PeerCall) async -> HostResponse) { self.script = script }
    package func answer(_ call: PeerCall) async -> HostResponse { await script(call) }
}

/// Keeps what it hears, and lets a test wait for it.
package final class RecordingObserver: RouterObserver {
    private typealias Waiter = (
        matches: @Sendable (RouterEvent) -> Bool, times: Int, resume: CheckedContinuation<Void, Never>
    )

    private struct State {
        var events: [RouterEvent] = []
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var events: [RouterEvent] { state.withLock { $0.events } }

    package func observe(_ event: RouterEvent) {
        let ready = state.withLock { state in
            state.events.append(event)
            let isReady = state.waiting.map { state.events.count(where: $0.matches) >= $0.times }
            let ready = zip(isReady, state.waiting).filter(\.0).map(\.1.resume)
            state.waiting = zip(isReady, state.waiting).filter { !$0.0 }.map(\.1)
            return ready
        }
        for continuation in ready { continuation.resume() }
    }

    /// Waits until so many events have come that `matches` is true for.
    package func heard(_ times: Int = 1, _ matches: @escaping @Sendable (RouterEvent) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.events.count(where: matches) >= times { return true }
                state.waiting.append((matches, times, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

/// The real time, in seconds since 1970.
package enum WallClock {
    package static func seconds() -> Int64 { Int64(time(nil)) }
}
