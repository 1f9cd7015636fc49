import NIOCore

/// The requests of one tenant that one event loop keeps waiting while the tenant is held, in the order they came. Pure:
/// it does no I/O and knows no clock.
///
/// 1. A request waits before any byte of it went upstream; its connection reads no more until it goes on, so that what
///    a request holds here is what it held when it came.
/// 2. Bounded in number and bytes; the time is the waiting connection's own deadline.
/// 3. Of one connection only one request is under way, so the order of a connection's requests is kept by itself.
struct HoldGate<Waiter: AnyObject> {
    enum Verdict: Equatable {
        case parked
        /// A bound is reached: what of, for the answer.
        case full(of: String)
    }

    private struct Waiting {
        let waiter: Waiter
        let bytes: Int
    }

    private var waiting: [ObjectIdentifier: Waiting] = [:]
    private var order = CircularBuffer<ObjectIdentifier>()
    private(set) var bytes = 0

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    /// - Parameter bytes: what the request holds in memory.
    mutating func park(_ waiter: Waiter, bytes count: Int, maxRequests: Int, maxBytes: Int) -> Verdict {
        guard waiting.count < maxRequests else { return .full(of: "requests") }
        guard count <= maxBytes - bytes else { return .full(of: "bytes") }
        let id = ObjectIdentifier(waiter)
        assert(waiting[id] == nil, "a request waits twice at the gate")
        waiting[id] = Waiting(waiter: waiter, bytes: count)
        order.append(id)
        bytes += count
        return .parked
    }

    /// It does not wait any more: its client has left, or its time is over.
    mutating func leave(_ waiter: Waiter) {
        let id = ObjectIdentifier(waiter)
        guard let left = waiting.removeValue(forKey: id) else { return }
        bytes -= left.bytes
        // Its place goes too: the same connection may wait again, and then comes after those that came meanwhile.
        if let index = order.firstIndex(of: id) { order.remove(at: index) }
    }

    /// The first of those that wait, at most so many: they go on.
    mutating func takeFirst(_ limit: Int) -> [Waiter] {
        var taken: [Waiter] = []
        while taken.count < limit, let id = order.popFirst() {
            guard let first = waiting.removeValue(forKey: id) else { continue }
            bytes -= first.bytes
            taken.append(first.waiter)
        }
        return taken
    }
}
