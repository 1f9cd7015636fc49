import TenantDirectory
import Testing

@Suite("A drain")
struct DrainRuleTests {
    private static func traffic(_ requests: (name: String, age: Duration, isSafe: Bool)...) -> TenantTraffic {
        var traffic = TenantTraffic()
        for request in requests {
            traffic.add(TenantTraffic.Request(name: request.name, age: request.age, isSafe: request.isSafe))
        }
        return traffic
    }

    @Test("waits for everything where the store has no fence, and names what is in the way when its time is over")
    func unfenced() {
        let rule = DrainRule(budget: .milliseconds(500), isFenced: false)
        let read = Self.traffic(("GET /slow", .seconds(1), true))
        #expect(rule.verdict(TenantTraffic(), after: .zero) == .drained)
        #expect(rule.verdict(read, after: .milliseconds(499)) == .wait)
        #expect(rule.verdict(read, after: .milliseconds(500)) == .inTheWay(["GET /slow"]))
    }

    @Test("passes reads over after half of its time where the store has a fence, and writes never")
    func fenced() {
        let rule = DrainRule(budget: .milliseconds(500), isFenced: true)
        let read = Self.traffic(("GET /slow", .seconds(1), true))
        #expect(rule.verdict(read, after: .milliseconds(249)) == .wait)
        #expect(rule.verdict(read, after: .milliseconds(250)) == .drained)
        let both = Self.traffic(("GET /slow", .seconds(1), true), ("POST /x", .zero, false))
        #expect(rule.verdict(both, after: .milliseconds(499)) == .wait)
        #expect(rule.verdict(both, after: .milliseconds(500)) == .inTheWay(["POST /x"]))
    }

    @Test("may begin when nothing is old that would have to be waited for")
    func quiet() {
        let old = Self.traffic(("GET /slow", .seconds(2), true), ("POST /x", .milliseconds(900), false))
        #expect(DrainRule(isFenced: true).tooOld(in: old, for: .seconds(1)).isEmpty)
        #expect(DrainRule(isFenced: false).tooOld(in: old, for: .seconds(1)) == ["GET /slow"])
    }

    @Test("names the oldest of many, those that may write first")
    func named() {
        var traffic = TenantTraffic()
        for number in 0..<100 {
            traffic.add(.init(name: "\(number)", age: .seconds(number), isSafe: number % 2 == 0))
        }
        var sum = TenantTraffic()
        sum.add(traffic)
        #expect(sum == traffic)
        #expect(traffic.unsafe == 50)
        #expect(traffic.oldest.map(\.name).prefix(3) == ["99", "97", "95"])
        #expect(traffic.oldest.count == TenantTraffic.namedRequests)
    }
}
