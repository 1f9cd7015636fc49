/// One call of the story, and what must come of it.
struct DemoStep: Sendable {
    /// What has to be true of an answer.
    struct Expectation: Sendable {
        var statuses: ClosedRange<Int>
        /// The region whose instance must have answered; `nil` where none may have.
        var region: String?
        /// The gateway's word for a refusal.
        var refusal: String?

        static func answered(in region: String) -> Expectation {
            Expectation(statuses: 200...299, region: region, refusal: nil)
        }

        static func refused(_ status: Int, _ word: String) -> Expectation {
            Expectation(statuses: status...status, region: nil, refusal: word)
        }

        /// What is wrong with an answer, in a few words; `nil` for nothing.
        func fault(of seen: HostAnswerSeen) -> String? {
            guard statuses.contains(seen.status) else {
                return "status \(seen.status)\(seen.refusal.map { " \($0)" } ?? ""), expected \(statuses.lowerBound)"
            }
            guard seen.region == region else {
                return "answered in \(seen.region ?? "no region"), expected \(region ?? "none")"
            }
            guard seen.refusal == refusal else {
                return "refused as \(seen.refusal ?? "nothing"), expected \(refusal ?? "nothing")"
            }
            return nil
        }
    }

    let title: String
    let call: HostCallMade
    let expectation: Expectation

    init(_ title: String, _ call: HostCallMade, _ expectation: Expectation) {
        self.title = title
        self.call = call
        self.expectation = expectation
    }
}

/// Steps that belong together.
struct DemoChapter: Sendable {
    let title: String
    let steps: [DemoStep]
}
