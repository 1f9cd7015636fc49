import Testing

@testable import TenantDirectory

@Suite("The pool of connections, step by step")
struct PostgresPoolMachineTests {
    private let start = ContinuousClock.now
    private typealias Told = PostgresPoolMachine.Effects.Told

    private func machine(size: Int = 2, queueLength: Int = 2) -> PostgresPoolMachine {
        PostgresPoolMachine(size: size, queueLength: queueLength, patience: .seconds(5))
    }

    /// A connection that is made and in use.
    private func made(_ machine: inout PostgresPoolMachine) throws -> Int {
        guard case .granted(.make(let number)) = machine.acquire(now: start) else { throw CancellationError() }
        #expect(machine.made(number, now: start) == .init())
        return number
    }

    @Test("makes connections up to its bound, then lets calls wait up to theirs, then refuses")
    func bounds() throws {
        var machine = machine()
        let first = try made(&machine)
        let second = try made(&machine)
        #expect(first != second)
        guard case .wait(let third) = machine.acquire(now: start), case .wait = machine.acquire(now: start) else {
            Issue.record("calls must wait")
            return
        }
        #expect(machine.acquire(now: start) == .refused(.full))
        #expect(machine.count == 2)
        let effects = machine.release(second, isReusable: true, now: start)
        #expect(effects == .init(told: [Told(waiter: third, answer: .granted(.use(second)))]))
        #expect(machine.count == 2)
    }

    @Test("gives a connection that nobody waits for to the next call")
    func reuse() throws {
        var machine = machine()
        let first = try made(&machine)
        #expect(machine.release(first, isReusable: true, now: start) == .init())
        #expect(machine.acquire(now: start) == .granted(.use(first)))
        // A second end of the same call changes nothing.
        #expect(machine.release(first, isReusable: true, now: start) == .init())
        #expect(machine.release(first, isReusable: true, now: start) == .init())
        #expect(machine.count == 1)
    }

    @Test("lets go of a broken connection and of those that were idle, and lets a waiter make one")
    func broken() throws {
        var machine = machine(size: 3)
        let numbers = [try made(&machine), try made(&machine), try made(&machine)]
        guard case .wait(let waiter) = machine.acquire(now: start) else { throw CancellationError() }
        var effects = machine.release(numbers[0], isReusable: false, now: start)
        #expect(effects.dropped == [numbers[0]])
        guard case .granted(.make(let made)) = effects.told.first?.answer else { throw CancellationError() }
        #expect(effects.told.first?.waiter == waiter)
        #expect(machine.made(made, now: start) == .init())
        #expect(machine.release(made, isReusable: true, now: start) == .init())
        effects = machine.release(numbers[1], isReusable: false, now: start)
        #expect(effects == .init(dropped: [numbers[1], made]))
        #expect(machine.count == 1)
    }

    @Test("refuses who has waited too long, and nobody else")
    func patience() throws {
        var machine = machine(size: 1)
        let first = try made(&machine)
        guard case .wait(let early) = machine.acquire(now: start),
            case .wait(let late) = machine.acquire(now: start + .seconds(1))
        else { throw CancellationError() }
        #expect(machine.expire(now: start + .seconds(4)) == .init())
        let effects = machine.expire(now: start + .seconds(5))
        #expect(effects == .init(told: [Told(waiter: early, answer: .refused(.late))]))
        #expect(
            machine.release(first, isReusable: true, now: start).told
                == [Told(waiter: late, answer: .granted(.use(first)))])
    }

    @Test("while the server is away, tries once at a time, and tells those who wait for it")
    func away() throws {
        var machine = machine(size: 2)
        guard case .granted(.make(let first)) = machine.acquire(now: start) else { throw CancellationError() }
        #expect(machine.failed(first, now: start, jitter: 1) == .init())
        let later = start + .seconds(1)
        guard case .granted(.make(let second)) = machine.acquire(now: later),
            case .wait(let waiter) = machine.acquire(now: later)
        else { throw CancellationError() }
        let effects = machine.failed(second, now: later, jitter: 1)
        #expect(effects == .init(told: [Told(waiter: waiter, answer: .refused(.away))]))
        #expect(machine.count == 0)
    }

    @Test("waits twice as long after each failure, up to a bound, and not at all after a success")
    func pauses() throws {
        var machine = machine(size: 1)
        var now = start
        for milliseconds in [50, 100, 200, 400, 400] {
            guard case .granted(.make(let number)) = machine.acquire(now: now) else { throw CancellationError() }
            #expect(machine.failed(number, now: now, jitter: 1) == .init())
            #expect(machine.acquire(now: now + .milliseconds(milliseconds - 1)) == .refused(.away))
            now += .milliseconds(milliseconds)
        }
        guard case .granted(.make(let number)) = machine.acquire(now: now) else { throw CancellationError() }
        #expect(machine.made(number, now: now) == .init())
        #expect(machine.release(number, isReusable: false, now: now).dropped == [number])
        guard case .granted(.make(let next)) = machine.acquire(now: now) else { throw CancellationError() }
        #expect(machine.failed(next, now: now, jitter: 0) == .init())
        // Jitter takes up to half of the pause.
        #expect(machine.acquire(now: now + .milliseconds(24)) == .refused(.away))
        guard case .granted = machine.acquire(now: now + .milliseconds(25)) else { throw CancellationError() }
    }

    @Test("once closed, it refuses, and lets go of a connection when its call ends")
    func closed() throws {
        var machine = machine(size: 2)
        let busy = try made(&machine)
        let idle = try made(&machine)
        #expect(machine.release(idle, isReusable: true, now: start) == .init())
        #expect(machine.close() == .init(dropped: [idle]))
        #expect(machine.acquire(now: start) == .refused(.closed))
        #expect(machine.release(busy, isReusable: true, now: start) == .init(dropped: [busy]))
        #expect(machine.count == 0)
    }
}
