import NIOCore

/// One event loop's ways to the servers of one region: chooses one for each request, and another where the first takes
/// no connection. Nothing has been sent by then.
final class UpstreamGroup {
    let shared: UpstreamSet
    unowned let loop: RouterLoop
    private var pools: [InstancePool] = []
    private var choice = InstanceChoice()

    init(_ shared: UpstreamSet, loop: RouterLoop) {
        self.shared = shared
        self.loop = loop
        pools = shared.servers.indices.map { InstancePool(shared, index: $0, loop: loop) }
    }

    var kind: UpstreamServer.Kind { shared.kind }

    /// - Parameter tried: a bit for each server that the request has tried.
    /// - Returns: `nil` where all have been tried.
    func pool(tried: UInt64) -> InstancePool? {
        if pools.count == 1, tried == 0 { return pools.first }
        return choice.pick(count: pools.count, tried: tried, shared.candidate).map { pools[$0] }
    }

    func sweep(now: NIODeadline) {
        for pool in pools { pool.sweep(now: now) }
    }

    /// Whether nothing is under way or waits here.
    var isEmpty: Bool { pools.allSatisfy(\.isEmpty) }

    /// Takes the bounds of another configuration.
    func reconfigure() {
        for pool in pools { pool.reconfigure() }
    }

    /// The servers are used no more: what is under way is finished, and no connection is kept.
    func leave() {
        for pool in pools { pool.leave() }
    }

    func closeIdle() {
        for pool in pools { pool.closeIdle() }
    }
}
