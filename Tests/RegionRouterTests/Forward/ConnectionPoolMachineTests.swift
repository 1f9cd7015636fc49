import NIOCore
import Testing

@testable import RegionRouter

@Suite("The connections to an app instance")
struct ConnectionPoolMachineTests {
    private final class Connection {}
    private final class Waiter {}
    private typealias Machine = ConnectionPoolMachine<Connection, Waiter>

    private static func machine(connections: Int = 2, idle: Int = 2, waiting: Int = 2) -> Machine {
        Machine(maxConnections: connections, maxIdle: idle, maxWaiting: waiting)
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func isConnect(_ lease: Machine.Lease) -> Bool { if case .connect = lease { true } else { false } }
    private func isWait(_ lease: Machine.Lease) -> Bool { if case .wait = lease { true } else { false } }
    private func isRefuse(_ lease: Machine.Lease) -> Bool { if case .refuse = lease { true } else { false } }
    private func used(_ lease: Machine.Lease) -> Connection? { if case .use(let one) = lease { one } else { nil } }

    @Test("are opened up to the bound; then requests wait, up to theirs; then they are refused")
    func bounds() {
        var machine = Self.machine()
        let waiters = (0..<3).map { _ in Waiter() }
        #expect(isConnect(machine.lease(waiters[0], now: start)))
        #expect(isConnect(machine.lease(waiters[1], now: start)))
        #expect(isRefuse(machine.lease(waiters[2], now: start)))
        let first = Connection()
        #expect(machine.connected(first, now: start) === waiters[0])
        #expect(isWait(machine.lease(waiters[2], now: start)))
        #expect(machine.connected(Connection(), now: start) === waiters[1])
        guard case .serve(let next) = machine.released(first, now: start) else {
            Issue.record("the one who waited was not served")
            return
        }
        #expect(next === waiters[2])
        #expect(machine.open == 2)
    }

    @Test("are taken newest first, so that old ones can grow old")
    func newestFirst() throws {
        var machine = Self.machine()
        let (old, new) = (Connection(), Connection())
        for (connection, waiter) in [(old, Waiter()), (new, Waiter())] {
            _ = machine.lease(waiter, now: start)
            #expect(machine.connected(connection, now: start) === waiter)
        }
        _ = machine.released(old, now: start)
        _ = machine.released(new, now: start + .seconds(1))
        #expect(used(machine.lease(Waiter(), now: start + .seconds(2))) === new)
        let expired = machine.expire(now: start + .seconds(31), idleFor: .seconds(30), waitedFor: .seconds(5))
        #expect(expired.connections.count == 1)
        #expect(expired.connections.first === old)
    }

    @Test("that cannot be opened fail one request, and another is tried for the others")
    func failedConnect() {
        var machine = Self.machine(connections: 1)
        let (first, second) = (Waiter(), Waiter())
        #expect(isConnect(machine.lease(first, now: start)))
        #expect(isWait(machine.lease(second, now: start)))
        let outcome = machine.connectFailed()
        #expect(outcome.failed === first)
        #expect(outcome.connect)
        #expect(machine.connected(Connection(), now: start) === second)
    }

    @Test("that close make room for those who wait")
    func closed() {
        var machine = Self.machine(connections: 1)
        let connection = Connection()
        let (first, second) = (Waiter(), Waiter())
        _ = machine.lease(first, now: start)
        _ = machine.connected(connection, now: start)
        #expect(isWait(machine.lease(second, now: start)))
        let opensAnother = machine.closed(connection)
        #expect(opensAnother)
        #expect(machine.connecting == 1)
    }

    @Test("are not given to a request that has left, nor to one that waited too long")
    func waitersLeave() {
        var machine = Self.machine(connections: 1, waiting: 3)
        let waiters = (0..<3).map { _ in Waiter() }
        for waiter in waiters { _ = machine.lease(waiter, now: start) }
        machine.cancelled(waiters[0])
        let expired = machine.expire(now: start + .seconds(5), idleFor: .seconds(30), waitedFor: .seconds(5))
        #expect(expired.waiters.count == 2)
        #expect(machine.connected(Connection(), now: start) == nil)
        #expect(machine.idleCount == 1)
    }

    @Test("beyond the number kept idle are closed")
    func idleBound() {
        var machine = Self.machine(connections: 2, idle: 1)
        let connections = [Connection(), Connection()]
        for connection in connections {
            _ = machine.lease(Waiter(), now: start)
            _ = machine.connected(connection, now: start)
        }
        guard case .idle = machine.released(connections[0], now: start),
            case .close = machine.released(connections[1], now: start)
        else {
            Issue.record("the bound on idle connections was not kept")
            return
        }
    }
}
