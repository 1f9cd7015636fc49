/// Whether what is in flight lets a cutover go on (amendments H19, H41). Pure.
package struct DrainRule: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case drained
        case wait
        /// The time is over: what is in the way, by method and path.
        case inTheWay([String])
    }

    /// How long a drain may take.
    package var budget: Duration
    /// The source's store refuses the tenant's writes by itself (the third wall): then a read that is still under way
    /// may be passed over.
    package var isFenced: Bool
    /// Only requests that may write are stopped: the others go on, and nobody waits for them.
    package var passesReads: Bool

    package init(budget: Duration = .milliseconds(500), isFenced: Bool, passesReads: Bool = false) {
        self.budget = budget
        self.isFenced = isFenced
        self.passesReads = passesReads
    }

    package func verdict(_ traffic: TenantTraffic, after elapsed: Duration) -> Verdict {
        let mayPassReads = passesReads || isFenced && elapsed >= budget / 2
        if traffic.unsafe == 0, traffic.safe == 0 || mayPassReads { return .drained }
        guard elapsed >= budget else { return .wait }
        return .inTheWay(traffic.oldest.filter { !$0.isSafe || !ignoresReads }.map(\.name))
    }

    /// What keeps the gate open, by method and path: what would have to be waited for and is older than that already.
    package func tooOld(in traffic: TenantTraffic, for quietFor: Duration) -> [String] {
        traffic.oldest.filter { $0.age > quietFor && !(ignoresReads && $0.isSafe) }.map(\.name)
    }

    private var ignoresReads: Bool { isFenced || passesReads }
}
