/// Who gets which connection: a bounded number of them, a bounded queue before them, and tries that become rarer while
/// the server is away. It keeps numbers only; ``PostgresPool`` does what it says.
struct PostgresPoolMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Grant: Sendable, Equatable {
        /// Use this connection.
        case use(Int)
        /// Make a connection, then use it.
        case make(Int)
    }

    enum Refusal: Sendable, Equatable {
        /// As many wait as may.
        case full
        /// It has waited as long as it may.
        case late
        /// The server was away a moment ago.
        case away
        /// The pool is closed.
        case closed
    }

    enum Answer: Sendable, Equatable {
        case granted(Grant)
        case refused(Refusal)
        /// Wait, as the waiter of this number.
        case wait(Int)
    }

    /// What waiters hear, and the connections to let go of.
    struct Effects: Sendable, Equatable {
        struct Told: Sendable, Equatable {
            let waiter: Int
            let answer: Answer
        }

        var told: [Told] = []
        var dropped: [Int] = []
    }

    /// Between two tries while the server is away: the first, and the longest.
    static let firstPause = Duration.milliseconds(50)
    static let longestPause = Duration.milliseconds(400)

    private let size: Int
    private let queueLength: Int
    private let patience: Duration
    private var idle: [Int] = []
    private var used: Set<Int> = []
    private var making: Set<Int> = []
    private var waiters: [(number: Int, until: Instant)] = []
    private var lastNumber = 0
    private var failures = 0
    private var nextTry: Instant?
    private var isClosed = false

    /// - Parameter patience: how long a call waits for a connection.
    init(size: Int, queueLength: Int, patience: Duration) {
        self.size = size
        self.queueLength = queueLength
        self.patience = patience
    }

    /// How many connections there are, those in the making too.
    var count: Int { idle.count + used.count }

    mutating func acquire(now: Instant) -> Answer {
        if isClosed { return .refused(.closed) }
        if let connection = idle.popLast() {
            used.insert(connection)
            return .granted(.use(connection))
        }
        if mayMake(now) { return .granted(make()) }
        if used.isEmpty { return .refused(.away) }
        guard waiters.count < queueLength else { return .refused(.full) }
        lastNumber += 1
        waiters.append((lastNumber, now + patience))
        return .wait(lastNumber)
    }

    /// A connection was made.
    mutating func made(_ connection: Int, now: Instant) -> Effects {
        making.remove(connection)
        failures = 0
        nextTry = nil
        return serve(now)
    }

    /// A connection could not be made.
    /// - Parameter jitter: from 0 to 1, so that nodes do not all come back at the same moment.
    mutating func failed(_ connection: Int, now: Instant, jitter: Double) -> Effects {
        making.remove(connection)
        used.remove(connection)
        failures += 1
        let pause = min(Self.firstPause * (1 << min(failures - 1, 10)), Self.longestPause)
        nextTry = now + pause * (0.5 + 0.5 * jitter)
        // Whoever waits for a connection that is in use may still get it.
        return used.isEmpty ? tellAll(.away) : Effects()
    }

    /// A call has ended.
    /// - Parameter isReusable: whether the connection is as good as before. Where it is not, the idle ones have most
    ///   likely gone the same way, and are let go.
    mutating func release(_ connection: Int, isReusable: Bool, now: Instant) -> Effects {
        guard used.remove(connection) != nil else { return Effects() }
        if isReusable, !isClosed {
            guard !waiters.isEmpty else {
                idle.append(connection)
                return Effects()
            }
            used.insert(connection)
            return Effects(told: [.init(waiter: waiters.removeFirst().number, answer: .granted(.use(connection)))])
        }
        let dropped = [connection] + idle
        idle = []
        var effects = serve(now)
        effects.dropped = dropped
        return effects
    }

    /// Refuses those who have waited too long.
    mutating func expire(now: Instant) -> Effects {
        let late = waiters.prefix { $0.until <= now }
        waiters.removeFirst(late.count)
        var effects = serve(now)
        effects.told += late.map { .init(waiter: $0.number, answer: .refused(.late)) }
        return effects
    }

    mutating func close() -> Effects {
        isClosed = true
        var effects = tellAll(.closed)
        effects.dropped = idle
        idle = []
        return effects
    }

    /// While the server is away, one try at a time.
    private func mayMake(_ now: Instant) -> Bool {
        guard count < size else { return false }
        guard failures > 0 else { return true }
        return making.isEmpty && nextTry.map { $0 <= now } ?? true
    }

    private mutating func make() -> Grant {
        lastNumber += 1
        used.insert(lastNumber)
        making.insert(lastNumber)
        return .make(lastNumber)
    }

    private mutating func serve(_ now: Instant) -> Effects {
        var effects = Effects()
        while !waiters.isEmpty, mayMake(now) {
            effects.told.append(.init(waiter: waiters.removeFirst().number, answer: .granted(make())))
        }
        if used.isEmpty, !waiters.isEmpty { effects.told += tellAll(.away).told }
        return effects
    }

    private mutating func tellAll(_ refusal: Refusal) -> Effects {
        defer { waiters = [] }
        return Effects(told: waiters.map { .init(waiter: $0.number, answer: .refused(refusal)) })
    }
}
