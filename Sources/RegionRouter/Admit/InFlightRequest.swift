import NIOCore
import TenantDirectory

/// A request that the app may be working on, as its tenant's gate sees it. ``Exchange`` is one; a class of its own, so
/// that a request costs one object.
class InFlightRequest {
    enum Kind {
        case exchange
        /// An answer of `text/event-stream`: it has no end, so nobody waits for it.
        case eventStream
        /// A WebSocket.
        case tunnel
    }

    let admittedAt: NIODeadline
    /// It asks for nothing but an answer: neither its method nor the way it found its tenant lets it write.
    let isSafe: Bool
    var kind = Kind.exchange
    /// Its place among those of its tenant.
    fileprivate(set) var slot = -1

    init(isSafe: Bool, admittedAt: NIODeadline = .now()) {
        self.isSafe = isSafe
        self.admittedAt = admittedAt
    }

    /// Method and path, without the query: what is named when it is in the way.
    var name: String { "" }

    /// The gate has closed: an event stream or a tunnel ends, so that it comes back as a request that waits.
    func closeAtGate() {}
}

/// The requests of one tenant that are in flight on one event loop, and those that were cut there: the app may still be
/// working on them, though nobody will hear of it.
struct InFlightRequests {
    /// What was cut last counts until then, and the earlier ones with it.
    private struct Cut {
        var until: NIODeadline
        var at: NIODeadline
        var name: String
    }

    private(set) var all: [InFlightRequest] = []
    private var safeCut: Cut?
    private var unsafeCut: Cut?

    var count: Int { all.count }
    var hasCuts: Bool { safeCut != nil || unsafeCut != nil }

    mutating func add(_ request: InFlightRequest) {
        request.slot = all.count
        all.append(request)
    }

    mutating func remove(_ request: InFlightRequest) {
        let slot = request.slot
        guard all.indices.contains(slot), all[slot] === request else {
            return assertionFailure("a request ended that was not admitted")
        }
        let last = all.removeLast()
        if last !== request {
            all[slot] = last
            last.slot = slot
        }
        request.slot = -1
    }

    /// A request that has been sent ended without an answer: it counts until the app's longest time is over.
    mutating func noteCut(_ request: InFlightRequest, now: NIODeadline, until: NIODeadline) {
        let cut = Cut(until: until, at: now, name: request.name)
        if request.isSafe { safeCut = cut } else { unsafeCut = cut }
    }

    mutating func forgetCuts(now: NIODeadline) {
        if let cut = safeCut, cut.until <= now { safeCut = nil }
        if let cut = unsafeCut, cut.until <= now { unsafeCut = nil }
    }

    /// What a drain has to know of them.
    mutating func traffic(now: NIODeadline) -> TenantTraffic {
        forgetCuts(now: now)
        var traffic = TenantTraffic()
        for request in all {
            guard request.kind == .exchange else {
                traffic.streams += 1
                continue
            }
            traffic.add(name: request.name, age: now - request.admittedAt, isSafe: request.isSafe)
        }
        if let safeCut { traffic.add(name: safeCut.name, age: now - safeCut.at, isSafe: true) }
        if let unsafeCut { traffic.add(name: unsafeCut.name, age: now - unsafeCut.at, isSafe: false) }
        return traffic
    }
}

extension TenantTraffic {
    fileprivate mutating func add(name: String, age: TimeAmount, isSafe: Bool) {
        add(Request(name: name, age: .nanoseconds(max(0, age.nanoseconds)), isSafe: isSafe))
    }
}
