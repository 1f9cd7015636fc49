import Testing

@testable import RegionRouter

@Suite("An exchange")
struct ExchangeMachineTests {
    private static func machine(isSafe: Bool = false, canRepeat: Bool = false, hasBody: Bool = false) -> ExchangeMachine
    {
        ExchangeMachine(isSafe: isSafe, canRepeat: canRepeat, hasBody: hasBody)
    }

    @Test("is over when both sides have ended, whichever is last")
    func bothSides() {
        var machine = Self.machine(hasBody: true)
        #expect(machine.requestDidEnd() == .none)
        machine.responseDidStart()
        #expect(machine.responseDidEnd() == .finish)

        var withoutBody = Self.machine()
        #expect(withoutBody.responseDidEnd() == .finish)
    }

    @Test("whose app answers before the whole body came gives that app connection up, and drops the rest of the body")
    func earlyAnswer() {
        var machine = Self.machine(hasBody: true)
        machine.responseDidStart()
        #expect(machine.responseDidEnd() == .discardRequest)
        #expect(machine.clientDidLeave() == .none)
    }

    @Test("is cancelled when the client of a safe one leaves")
    func safeClientLeaves() {
        var machine = Self.machine(isSafe: true)
        #expect(machine.clientDidLeave() == .cancel)
    }

    @Test("is read to its end when the client of an unsafe one leaves, since the app may be working on it")
    func unsafeClientLeaves() {
        var machine = Self.machine()
        #expect(machine.clientDidLeave() == .drainResponse)
        #expect(machine.clientDidLeave() == .none)
        #expect(machine.responseDidEnd() == .finish)
    }

    @Test("whose client leaves in the middle of the body is cancelled: the app cannot have the rest")
    func clientLeavesMidBody() {
        var machine = Self.machine(hasBody: true)
        #expect(machine.clientDidLeave() == .cancel)
    }

    @Test("is tried once more, when it may be repeated and the connection had been idle before")
    func retry() {
        var machine = Self.machine(isSafe: true, canRepeat: true)
        #expect(machine.appDidLeave(wasReused: true) == .retry)
        #expect(machine.appDidLeave(wasReused: true) == .answerBadGateway)
    }

    @Test("is not tried again when that could do something twice", arguments: [true, false])
    func noRetry(hasBody: Bool) {
        var unsafe = Self.machine(canRepeat: false, hasBody: hasBody)
        #expect(unsafe.appDidLeave(wasReused: true) == .answerBadGateway)
        var withBody = Self.machine(canRepeat: true, hasBody: true)
        #expect(withBody.appDidLeave(wasReused: true) == .answerBadGateway)
        var fresh = Self.machine(isSafe: true, canRepeat: true)
        #expect(fresh.appDidLeave(wasReused: false) == .answerBadGateway)
    }

    @Test("whose app breaks in the middle of the answer closes the client's connection")
    func brokenAnswer() {
        var machine = Self.machine(isSafe: true, canRepeat: true)
        machine.responseDidStart()
        #expect(machine.appDidLeave(wasReused: true) == .closeClient)
    }

    @Test("that takes too long is answered before the first byte, and cut after it")
    func timeout() {
        var machine = Self.machine()
        #expect(machine.appDidTimeOut() == .answerTimeout)
        // The app goes on working; its connection is drained.
        #expect(machine.responseDidEnd() == .finish)

        var started = Self.machine()
        started.responseDidStart()
        #expect(started.appDidTimeOut() == .closeClient)
    }
}
