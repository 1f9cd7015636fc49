/// The requests of one tenant that an app may be working on: of an event loop, a node, or all nodes of a region.
package struct TenantTraffic: Sendable, Equatable {
    package struct Request: Sendable, Equatable {
        /// Method and path, without the query.
        package let name: String
        /// Since it was admitted; for one that was cut, since then.
        package let age: Duration
        /// It cannot write.
        package let isSafe: Bool

        package init(name: String, age: Duration, isSafe: Bool) {
            self.name = name
            self.age = age
            self.isSafe = isSafe
        }
    }

    /// Requests that are kept by name, the oldest first.
    package static let namedRequests = 16

    package var safe = 0
    package var unsafe = 0
    /// Event streams and tunnels: they end at the gate, and nobody waits for them.
    package var streams = 0
    /// The oldest of them; the unsafe ones first.
    package private(set) var oldest: [Request] = []

    package init() {}

    package var isEmpty: Bool { safe == 0 && unsafe == 0 }

    package mutating func add(_ request: Request) {
        if request.isSafe { safe += 1 } else { unsafe += 1 }
        note(request)
    }

    package mutating func add(_ other: TenantTraffic) {
        safe += other.safe
        unsafe += other.unsafe
        streams += other.streams
        for request in other.oldest { note(request) }
    }

    private mutating func note(_ request: Request) {
        if oldest.count >= Self.namedRequests, let last = oldest.last, Self.precedes(last, request) { return }
        let place = oldest.firstIndex { Self.precedes(request, $0) } ?? oldest.endIndex
        oldest.insert(request, at: place)
        if oldest.count > Self.namedRequests { oldest.removeLast() }
    }

    private static func precedes(_ left: Request, _ right: Request) -> Bool {
        left.isSafe == right.isSafe ? left.age > right.age : !left.isSafe
    }
}
