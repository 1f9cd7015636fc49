import Testing

@testable import RegionRouter

@Suite("The gate of a tenant that is held")
struct HoldGateTests {
    private final class Waiter {
        let name: String
        init(_ name: String) { self.name = name }
    }

    @Test("lets requests go on in the order they came, as many at a time as it is asked for")
    func order() {
        var gate = HoldGate<Waiter>()
        let waiters = (0..<5).map { Waiter("\($0)") }
        for waiter in waiters {
            #expect(gate.park(waiter, bytes: 10, maxRequests: 9, maxBytes: 99) == .parked)
        }
        #expect(gate.takeFirst(2).map(\.name) == ["0", "1"])
        #expect(gate.count == 3)
        #expect(gate.bytes == 30)
        #expect(gate.takeFirst(9).map(\.name) == ["2", "3", "4"])
        #expect(gate.isEmpty)
        #expect(gate.bytes == 0)
    }

    @Test("is full past its number of requests, or their bytes, and takes others when some have left")
    func bounds() {
        var gate = HoldGate<Waiter>()
        let waiters = (0..<3).map { Waiter("\($0)") }
        #expect(gate.park(waiters[0], bytes: 60, maxRequests: 2, maxBytes: 100) == .parked)
        #expect(gate.park(waiters[1], bytes: 41, maxRequests: 2, maxBytes: 100) == .full(of: "bytes"))
        #expect(gate.park(waiters[1], bytes: 40, maxRequests: 2, maxBytes: 100) == .parked)
        #expect(gate.park(waiters[2], bytes: 0, maxRequests: 2, maxBytes: 100) == .full(of: "requests"))
        gate.leave(waiters[0])
        #expect(gate.park(waiters[2], bytes: 60, maxRequests: 2, maxBytes: 100) == .parked)
        #expect(gate.takeFirst(9).map(\.name) == ["1", "2"])
    }

    @Test("forgets who has left, who comes again waits behind the others")
    func leaving() {
        var gate = HoldGate<Waiter>()
        let waiters = (0..<3).map { Waiter("\($0)") }
        for waiter in waiters { _ = gate.park(waiter, bytes: 1, maxRequests: 9, maxBytes: 9) }
        gate.leave(waiters[0])
        gate.leave(waiters[0])
        #expect(gate.bytes == 2)
        #expect(gate.park(waiters[0], bytes: 1, maxRequests: 9, maxBytes: 9) == .parked)
        #expect(gate.takeFirst(9).map(\.name) == ["1", "2", "0"])
    }
}
