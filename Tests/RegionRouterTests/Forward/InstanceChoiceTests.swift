import NIOCore
import Testing

@testable import RegionRouter

@Suite("The choice among app instances")
struct InstanceChoiceTests {
    private static func candidate(_ outstanding: Int, out: Bool = false, warmth: Double = 1) -> InstanceChoice.Candidate
    {
        InstanceChoice.Candidate(outstanding: outstanding, isOut: out, warmth: warmth)
    }

    private static func pick(_ candidates: [InstanceChoice.Candidate], tried: UInt64 = 0) -> Int? {
        var choice = InstanceChoice()
        return choice.pick(count: candidates.count, tried: tried) { candidates[$0] }
    }

    @Test("falls on the one with the fewest requests under way")
    func least() {
        #expect(Self.pick([Self.candidate(3), Self.candidate(1), Self.candidate(2)]) == 1)
    }

    @Test("goes round among equals")
    func round() {
        var choice = InstanceChoice()
        let picks = (0..<6).compactMap { _ in choice.pick(count: 3, tried: 0) { _ in Self.candidate(0) } }
        #expect(picks == [1, 2, 0, 1, 2, 0])
    }

    @Test("passes over those that are out, unless no other is left")
    func out() {
        #expect(Self.pick([Self.candidate(9), Self.candidate(0, out: true)]) == 0)
        #expect(Self.pick([Self.candidate(9), Self.candidate(0, out: true)], tried: 0b01) == 1)
        #expect(Self.pick([Self.candidate(9, out: true), Self.candidate(0, out: true)]) == 1)
    }

    @Test("passes over those that have been tried; there is none when all have")
    func tried() {
        #expect(Self.pick([Self.candidate(9), Self.candidate(0)], tried: 0b10) == 0)
        #expect(Self.pick([Self.candidate(9), Self.candidate(0)], tried: 0b11) == nil)
        #expect(Self.pick([]) == nil)
    }

    @Test("gives one that has just come back a tenth of its share, and more as it warms up")
    func slowStart() {
        #expect(Self.pick([Self.candidate(8), Self.candidate(0, warmth: 0)]) == 0)
        #expect(Self.pick([Self.candidate(10), Self.candidate(0, warmth: 0)]) == 1)
        #expect(Self.pick([Self.candidate(2), Self.candidate(0, warmth: 0.5)]) == 1)
    }
}
