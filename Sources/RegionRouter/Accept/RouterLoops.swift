import NIOCore
import NIOPosix
import TenantDirectory

/// All event loops of the router: made together, told together.
struct RouterLoops: Sendable {
    private let states: [ObjectIdentifier: NIOLoopBound<RouterLoop>]
    private let eventLoops: [any EventLoop]
    private static let sweepInterval = TimeAmount.milliseconds(200)

    /// Makes the state of each loop on that loop, and starts its sweeps.
    init(group: MultiThreadedEventLoopGroup, shared: RouterShared) async throws {
        var states: [ObjectIdentifier: NIOLoopBound<RouterLoop>] = [:]
        eventLoops = Array(group.makeIterator())
        for eventLoop in eventLoops {
            let state = try await eventLoop.submit {
                NIOLoopBound(RouterLoop(eventLoop: eventLoop, shared: shared), eventLoop: eventLoop)
            }.get()
            eventLoop.scheduleRepeatedTask(initialDelay: Self.sweepInterval, delay: Self.sweepInterval) { _ in
                state.value.sweep()
            }
            states[ObjectIdentifier(eventLoop)] = state
        }
        self.states = states
    }

    /// The state of a loop; to be called on it.
    func loop(of eventLoop: any EventLoop) throws -> RouterLoop {
        guard let state = states[ObjectIdentifier(eventLoop)] else { throw ChannelError.inappropriateOperationForState }
        return state.value
    }

    /// What one loop has learnt from a peer, for the others.
    func hear(_ stated: StatedPlacement) {
        forEach { $0.hear(stated) }
    }

    func apply(_ change: TenantChange) {
        forEach { $0.apply(change) }
    }

    /// The same, and waits until every loop has taken it.
    func applied(_ change: TenantChange) async {
        for eventLoop in eventLoops {
            guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
            try? await eventLoop.submit { state.value.apply(change) }.get()
        }
    }

    /// Has every loop go on with another configuration, and waits until all do.
    func reconfigured(_ shared: RouterShared) async {
        for eventLoop in eventLoops {
            guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
            try? await eventLoop.submit { state.value.reconfigure(shared) }.get()
        }
    }

    /// Whether nothing is under way at app instances that a reload has left.
    func haveLeft() async -> Bool {
        for eventLoop in eventLoops {
            guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
            guard (try? await eventLoop.submit { state.value.leftGroups.isEmpty }.get()) ?? true else { return false }
        }
        return true
    }

    /// Asks clients to come back on other connections, which may lead to other nodes.
    func announceEnd() { forEach { $0.announceEnd() } }

    /// What of the tenant is in flight, on all loops together.
    func traffic(of tenant: TenantID) async -> TenantTraffic {
        var traffic = TenantTraffic()
        for eventLoop in eventLoops {
            guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
            let part = try? await eventLoop.submit { state.value.traffic(of: tenant) }.get()
            if let part { traffic.add(part) }
        }
        return traffic
    }

    /// Lets what is under way come to its end; past the time it is cut.
    func drain(within time: TimeAmount) async {
        await withDiscardingTaskGroup { group in
            for eventLoop in eventLoops {
                guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
                group.addTask {
                    let promise = eventLoop.makePromise(of: Void.self)
                    eventLoop.execute { state.value.drain(promise) }
                    let cut = eventLoop.scheduleTask(in: time) {
                        state.value.closeAll()
                        promise.succeed()
                    }
                    try? await promise.futureResult.get()
                    cut.cancel()
                    try? await eventLoop.submit { state.value.closeAll() }.get()
                }
            }
        }
    }

    private func forEach(_ body: @escaping @Sendable (RouterLoop) -> Void) {
        for eventLoop in eventLoops {
            guard let state = states[ObjectIdentifier(eventLoop)] else { continue }
            eventLoop.execute { body(state.value) }
        }
    }
}
