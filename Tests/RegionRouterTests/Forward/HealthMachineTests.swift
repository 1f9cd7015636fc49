import NIOCore
import Testing

@testable import RegionRouter

@Suite("The health of app instances")
struct HealthMachineTests {
    private static let settings = HealthMachine.Settings(
        failures: 5, outFor: .seconds(10), maxOutFor: .seconds(30), failedChecks: 2, goodChecks: 2,
        slowStart: .seconds(20))
    private static func at(_ seconds: UInt64) -> NIODeadline { .uptimeNanoseconds(seconds * 1_000_000_000) }

    @Test("puts out one whose requests fail, for a while that doubles up to its bound")
    func failing() {
        var machine = HealthMachine(count: 2, settings: Self.settings)
        machine.failed(0, now: Self.at(0))
        #expect(machine.isOut(0) && !machine.isOut(1))
        machine.tick(now: Self.at(9))
        #expect(machine.isOut(0))
        machine.tick(now: Self.at(10))
        #expect(!machine.isOut(0))
        machine.failed(0, now: Self.at(11))
        machine.tick(now: Self.at(30))
        #expect(machine.isOut(0))
        machine.tick(now: Self.at(31))
        #expect(!machine.isOut(0))
        machine.failed(0, now: Self.at(32))
        machine.tick(now: Self.at(61))
        #expect(machine.isOut(0))
        machine.tick(now: Self.at(62))
        #expect(!machine.isOut(0))
        // An answer that came in between begins anew.
        machine.succeeded(0)
        machine.failed(0, now: Self.at(70))
        machine.tick(now: Self.at(80))
        #expect(!machine.isOut(0))
    }

    @Test("keeps half of them in use, those that failed last, whatever is said of them")
    func floor() {
        var machine = HealthMachine(count: 5, settings: Self.settings)
        for index in 0..<5 { machine.failed(index, now: Self.at(UInt64(index))) }
        #expect((0..<5).map { machine.isOut($0) } == [true, true, false, false, false])
        var one = HealthMachine(count: 1, settings: Self.settings)
        one.failed(0, now: Self.at(0))
        #expect(!one.isOut(0))
    }

    @Test("lets the next go out when one of those that are out comes back")
    func turn() {
        var machine = HealthMachine(count: 2, settings: Self.settings)
        machine.failed(0, now: Self.at(0))
        machine.failed(1, now: Self.at(5))
        #expect(machine.isOut(0) && !machine.isOut(1))
        machine.tick(now: Self.at(10))
        #expect(!machine.isOut(0) && machine.isOut(1))
    }

    @Test("goes by checks in a row: two that fail put it out, two that succeed bring it back")
    func checks() {
        var machine = HealthMachine(count: 2, settings: Self.settings)
        machine.checked(1, isWell: false, now: Self.at(0))
        machine.checked(1, isWell: true, now: Self.at(1))
        machine.checked(1, isWell: false, now: Self.at(2))
        #expect(!machine.isOut(1))
        machine.checked(1, isWell: false, now: Self.at(3))
        #expect(machine.isOut(1))
        machine.checked(1, isWell: true, now: Self.at(4))
        machine.checked(1, isWell: false, now: Self.at(5))
        machine.checked(1, isWell: true, now: Self.at(6))
        #expect(machine.isOut(1))
        machine.checked(1, isWell: true, now: Self.at(7))
        #expect(!machine.isOut(1))
    }

    @Test("lets one that comes back warm up")
    func warming() {
        var machine = HealthMachine(count: 2, settings: Self.settings)
        #expect(machine.warmingSince(0) == nil)
        machine.failed(0, now: Self.at(0))
        machine.tick(now: Self.at(10))
        #expect(machine.warmingSince(0) == Self.at(10))
        machine.tick(now: Self.at(30))
        #expect(machine.warmingSince(0) == nil)
    }
}
