import Testing

@testable import ResidencyGateway

@Suite("The machine of the key cache")
struct KeyCacheMachineTests {
    typealias Machine = KeyCacheMachine<String>

    private static let start = ContinuousClock.now
    private static let set = KeyDocument(url: "https://keys.example/jwks.json", format: .keySet)

    private func at(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    private func pem(_ kid: String) -> KeyDocument {
        KeyDocument(url: "https://keys.example/\(kid)", format: .pem(kid: kid))
    }

    /// What a step answers, as one word.
    private func word(_ step: Machine.Step) -> String {
        switch step.answer {
        case .key(let key): "key \(key)\(step.fetches ? " and fetch" : "")"
        case .failure(let failure): "failure \(failure.label)\(step.fetches ? " and fetch" : "")"
        case .wait: step.fetches ? "wait and fetch" : "wait"
        }
    }

    private func machine(with keys: [String: String]) -> Machine {
        var machine = Machine()
        _ = machine.ask("a", of: Self.set, waiter: 0, at: at(0))
        _ = machine.fetched(Self.set, .success(keys), at: at(0))
        return machine
    }

    @Test("fetches once however many ask, and tells them all")
    func singleFlight() {
        var machine = Machine()
        #expect(word(machine.ask("a", of: Self.set, waiter: 1, at: at(0))) == "wait and fetch")
        #expect(word(machine.ask("a", of: Self.set, waiter: 2, at: at(0))) == "wait")
        #expect(word(machine.ask("b", of: Self.set, waiter: 3, at: at(0))) == "wait")
        let told = machine.fetched(Self.set, .success(["a": "A"]), at: at(1))
        #expect(told.map(\.waiter) == [1, 2, 3])
        #expect(told.map { try? $0.result.get() } == ["A", "A", nil])
        #expect(machine.cached("a", of: Self.set, at: at(2)) == "A")
        #expect(word(machine.ask("a", of: Self.set, waiter: 4, at: at(2))) == "key A")
    }

    @Test("does not tell a waiter that has given up")
    func givingUp() {
        var machine = Machine()
        _ = machine.ask("a", of: Self.set, waiter: 1, at: at(0))
        _ = machine.ask("a", of: Self.set, waiter: 2, at: at(0))
        machine.giveUp(1, of: Self.set)
        #expect(machine.fetched(Self.set, .success(["a": "A"]), at: at(1)).map(\.waiter) == [2])
    }

    @Test("refreshes an old document behind the caller's back")
    func refresh() {
        var machine = machine(with: ["a": "A"])
        #expect(machine.cached("a", of: Self.set, at: at(3599)) == "A")
        #expect(machine.cached("a", of: Self.set, at: at(3600)) == nil)
        #expect(word(machine.ask("a", of: Self.set, waiter: 1, at: at(3600))) == "key A and fetch")
        // While the refresh runs the old key serves, also without asking.
        #expect(machine.cached("a", of: Self.set, at: at(3600)) == "A")
        #expect(machine.fetched(Self.set, .success(["a": "A2"]), at: at(3601)).isEmpty)
        #expect(machine.cached("a", of: Self.set, at: at(3602)) == "A2")
    }

    @Test("keeps old keys while the server is down, and asks it less and less often")
    func serverDown() {
        var machine = machine(with: ["a": "A"])
        var now = 3600.0
        for backOff in [1.0, 2, 4, 8, 16, 32, 60, 60] {
            #expect(word(machine.ask("a", of: Self.set, waiter: 1, at: at(now))) == "key A and fetch")
            _ = machine.fetched(Self.set, .failure(.unreachable), at: at(now))
            #expect(machine.cached("a", of: Self.set, at: at(now + backOff - 0.1)) == "A")
            #expect(word(machine.ask("a", of: Self.set, waiter: 1, at: at(now + backOff - 0.1))) == "key A")
            now += backOff
        }
    }

    @Test("answers a failure at once while it backs off, and recovers")
    func backOff() {
        var machine = Machine()
        _ = machine.ask("a", of: Self.set, waiter: 1, at: at(0))
        let told = machine.fetched(Self.set, .failure(.timedOut), at: at(0))
        #expect(told.count == 1)
        #expect(word(machine.ask("a", of: Self.set, waiter: 2, at: at(0.5))) == "failure timed-out")
        #expect(word(machine.ask("a", of: Self.set, waiter: 3, at: at(1))) == "wait and fetch")
        _ = machine.fetched(Self.set, .success(["a": "A"]), at: at(1))
        #expect(word(machine.ask("a", of: Self.set, waiter: 4, at: at(1))) == "key A")
    }

    @Test("fetches a set once more for an unknown key, no oftener than it may, and remembers the key as unknown")
    func unknownKey() {
        var machine = machine(with: ["a": "A"])
        #expect(word(machine.ask("b", of: Self.set, waiter: 1, at: at(29))) == "failure not-in-set")
        #expect(word(machine.ask("b", of: Self.set, waiter: 1, at: at(30))) == "wait and fetch")
        let told = machine.fetched(Self.set, .success(["a": "A"]), at: at(30))
        #expect(told.map { $0.result }.contains { if case .failure(.notInSet) = $0 { true } else { false } })
        // Past the interval, and still remembered.
        #expect(word(machine.ask("b", of: Self.set, waiter: 2, at: at(61))) == "failure not-in-set")
        #expect(word(machine.ask("c", of: Self.set, waiter: 3, at: at(61))) == "wait and fetch")
        // A rotated key is there at once.
        _ = machine.fetched(Self.set, .success(["a": "A", "b": "B", "c": "C"]), at: at(61))
        #expect(word(machine.ask("b", of: Self.set, waiter: 4, at: at(61))) == "key B")
    }

    @Test("does not call a key unknown when the server could not be asked")
    func unknownWhileDown() {
        var machine = machine(with: ["a": "A"])
        _ = machine.ask("b", of: Self.set, waiter: 1, at: at(40))
        _ = machine.fetched(Self.set, .failure(.unreachable), at: at(40))
        #expect(word(machine.ask("b", of: Self.set, waiter: 2, at: at(40.5))) == "failure unreachable")
        #expect(word(machine.ask("a", of: Self.set, waiter: 3, at: at(40.5))) == "key A")
    }

    @Test("remembers a PEM that is not there, and forgets one that was withdrawn")
    func notFound() {
        var machine = Machine()
        _ = machine.ask("k", of: pem("k"), waiter: 1, at: at(0))
        _ = machine.fetched(pem("k"), .failure(.notFound), at: at(0))
        #expect(word(machine.ask("k", of: pem("k"), waiter: 2, at: at(59))) == "failure not-found")
        #expect(word(machine.ask("k", of: pem("k"), waiter: 3, at: at(60))) == "wait and fetch")
        _ = machine.fetched(pem("k"), .success(["k": "K"]), at: at(60))
        #expect(word(machine.ask("k", of: pem("k"), waiter: 4, at: at(3660))) == "key K and fetch")
        _ = machine.fetched(pem("k"), .failure(.notFound), at: at(3660))
        #expect(word(machine.ask("k", of: pem("k"), waiter: 5, at: at(3661))) == "failure not-found")
    }

    @Test("fetches invented names at a bounded rate, and known keys and key sets all the same")
    func inventedNames() {
        var machine = machine(with: ["a": "A"])
        let limits = Machine.Limits()
        for number in 0..<limits.newDocuments {
            let document = pem("k\(number)")
            #expect(word(machine.ask("k\(number)", of: document, waiter: 1, at: at(0))) == "wait and fetch")
            _ = machine.fetched(document, .failure(.notFound), at: at(0))
        }
        #expect(word(machine.ask("next", of: pem("next"), waiter: 1, at: at(1))) == "failure busy")
        #expect(word(machine.ask("a", of: Self.set, waiter: 1, at: at(1))) == "key A")
        let other = KeyDocument(url: "https://other.example/jwks.json", format: .keySet)
        #expect(word(machine.ask("a", of: other, waiter: 1, at: at(1))) == "wait and fetch")
        #expect(word(machine.ask("next", of: pem("next"), waiter: 1, at: at(2))) == "wait and fetch")
        #expect(word(machine.ask("more", of: pem("more"), waiter: 1, at: at(2))) == "failure busy")
    }

    @Test("keeps its tables bounded, and lets go first of names that brought no key")
    func boundedTables() {
        var limits = Machine.Limits()
        limits.documents = 3
        limits.fetches = 2
        limits.waiters = 3
        var machine = Machine(limits: limits)
        for (second, kid) in ["good", "bad", "fine"].enumerated() {
            _ = machine.ask(kid, of: pem(kid), waiter: 1, at: at(Double(second)))
            let result: Result<[String: String], KeyFailure> = kid == "bad" ? .failure(.notFound) : .success([kid: kid])
            _ = machine.fetched(pem(kid), result, at: at(Double(second)))
        }
        _ = machine.ask("new", of: pem("new"), waiter: 1, at: at(5))
        #expect(machine.documentCount == 3)
        #expect(machine.cached("good", of: pem("good"), at: at(5)) == "good")
        #expect(machine.cached("fine", of: pem("fine"), at: at(5)) == "fine")
        // Fetches and waiters have bounds of their own.
        #expect(word(machine.ask("second", of: pem("second"), waiter: 2, at: at(5))) == "wait and fetch")
        #expect(word(machine.ask("third", of: pem("third"), waiter: 3, at: at(5))) == "failure busy")
        #expect(word(machine.ask("new", of: pem("new"), waiter: 4, at: at(5))) == "wait")
        #expect(word(machine.ask("new", of: pem("new"), waiter: 5, at: at(5))) == "failure busy")
    }

    @Test("tells everyone who waits when no fetch will end any more")
    func abandoning() {
        var machine = Machine()
        _ = machine.ask("a", of: Self.set, waiter: 1, at: at(0))
        _ = machine.ask("k", of: pem("k"), waiter: 2, at: at(0))
        #expect(Set(machine.abandonAll().map(\.waiter)) == [1, 2])
        #expect(machine.abandonAll().isEmpty)
    }
}
