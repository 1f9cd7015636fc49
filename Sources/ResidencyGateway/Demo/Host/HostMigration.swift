/// How the host's orchestration drives the migration of one app (connect-protocol §2.3): from what was answered to what
/// it does next. Pure; whoever runs it makes the calls and does the waiting.
///
/// 1. schedule → start → status, again and again → status once more when the site is back → commit, or rollback.
/// 2. A step that fails without a code is tried twice more; a code, or a third failure, leads to the rollback.
/// 3. `status` is never tried again: it is asked every five minutes until it is ready or failed, or the window ends.
struct HostMigration: Sendable, Equatable {
    enum Step: String, Sendable {
        case schedule, start, status, commit, rollback
    }

    enum Action: Sendable, Equatable {
        case call(Step)
        /// For so long, in the host's time, which a simulator may speed up.
        case wait(Duration, then: Step)
        case ended(Outcome)
    }

    enum Outcome: Sendable, Equatable {
        case committed
        case rolledBack(why: String)
    }

    /// What came back.
    struct Answer: Sendable, Equatable {
        /// 0 for none.
        var status: Int
        /// `errorResponseCode`.
        var code: String?
        /// The word of a `status`.
        var word: String?

        var isSuccess: Bool { (200..<300).contains(status) }
    }

    static let pollEvery = Duration.seconds(300)
    static let retryAfter = Duration.seconds(5)
    static let tries = 3

    private let rollsBack: Bool
    private var failures = 0
    /// The site is back: the next status decides.
    private var isLast = false
    private var why = ""

    /// - Parameter rollsBack: an administrator cancels when it would be committed.
    init(rollsBack: Bool = false) { self.rollsBack = rollsBack }

    /// - Parameter isOver: the window has ended.
    mutating func take(_ answer: Answer, to step: Step, isOver: Bool) -> Action {
        guard step != .status else { return status(answer, isOver) }
        if answer.isSuccess {
            failures = 0
            switch step {
            case .schedule: return .call(.start)
            case .start, .status: return .call(.status)
            case .commit: return .ended(.committed)
            case .rollback: return .ended(.rolledBack(why: why))
            }
        }
        failures += 1
        if answer.code == nil, failures < Self.tries { return .wait(Self.retryAfter, then: step) }
        failures = 0
        let said = answer.code ?? (answer.status == 0 ? "no answer" : "\(answer.status)")
        guard step != .rollback else {
            return .ended(.rolledBack(why: "\(why); and rollback was answered with \(said)"))
        }
        why = "\(step.rawValue) was answered with \(said)"
        return .call(.rollback)
    }

    private mutating func status(_ answer: Answer, _ isOver: Bool) -> Action {
        let isReady = answer.isSuccess && answer.word == "ready-to-commit"
        if isReady, rollsBack {
            why = "an administrator cancelled it"
            return .call(.rollback)
        }
        if isReady {
            // The window ends early, the site comes back, and the app is asked once more.
            guard !isLast, !isOver else { return .call(.commit) }
            isLast = true
            return .call(.status)
        }
        let isFailed = answer.isSuccess && answer.word == "failed"
        if isFailed || isOver || isLast {
            why =
                isFailed
                ? "status said failed, \(answer.code ?? "without a code")"
                : isOver ? "the window ended" : "ready-to-commit was taken back"
            return .call(.rollback)
        }
        return .wait(Self.pollEvery, then: .status)
    }
}
