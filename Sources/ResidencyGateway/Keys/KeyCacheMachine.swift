/// What is known of each key document, and what to do when a key is asked for: a value without clock, lock or I/O.
///
/// 1. One fetch of a document runs however many wait for it.
/// 2. A good document is used for `freshFor`; then the next question starts a refresh, answered from what is there.
/// 3. While the server is down what was fetched goes on being good; fetches back off, doubling up to `maxBackOff`.
/// 4. A key that is not in a set brings one refetch per `refetchInterval`, and is then remembered as unknown for
///    `unknownFor`.
/// 5. All tables are bounded; documents never seen before are fetched at a bounded rate, so that invented names
///    cannot turn the gateway against a key server.
package struct KeyCacheMachine<Key: Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant
    package typealias Waiter = UInt64

    /// Bounds and times, in one place.
    package struct Limits: Sendable {
        package var freshFor = Duration.seconds(3600)
        package var refetchInterval = Duration.seconds(30)
        package var unknownFor = Duration.seconds(60)
        package var firstBackOff = Duration.seconds(1)
        package var maxBackOff = Duration.seconds(60)
        package var documents = 512
        package var fetches = 16
        package var waiters = 1_024
        package var unknownKeysOfDocument = 256
        /// Documents never seen before: so many at once, one more each `newDocumentInterval`.
        package var newDocuments = 30
        package var newDocumentInterval = Duration.seconds(2)

        package init() {}
    }

    /// The answer to a question.
    package enum Answer: Sendable {
        case key(Key)
        case failure(KeyFailure)
        /// The waiter hears with the end of the fetch.
        case wait
    }

    /// What the caller has to do besides.
    package struct Step: Sendable {
        package var answer: Answer
        /// Start fetching the document; tell the machine by ``fetched(_:_:at:)``.
        package var fetches: Bool
    }

    package struct Release: Sendable {
        package let waiter: Waiter
        package let result: Result<Key, KeyFailure>
    }

    private struct Entry {
        var keys: [String: Key] = [:]
        var fetchedAt: Instant?
        var isFetching = false
        var failure: KeyFailure?
        var failures = 0
        var retryAt: Instant?
        var unknown: [String: Instant] = [:]
        var waiting: [(waiter: Waiter, kid: String)] = []
        var usedAt: Instant
    }

    private let limits: Limits
    private var entries: [KeyDocument: Entry] = [:]
    private var fetching = 0
    private var waiting = 0
    /// Of their own each, so that invented names of PEMs do not keep a key set from being fetched.
    private var pemAllowance: Allowance
    private var setAllowance: Allowance

    /// How many documents never seen before may be fetched.
    private struct Allowance {
        var left: Int
        var since: Instant?

        mutating func refill(_ limits: Limits, at now: Instant) {
            guard let since else {
                self.since = now
                return
            }
            let earned = Int((now - since) / limits.newDocumentInterval)
            guard earned > 0 else { return }
            left = min(limits.newDocuments, left + earned)
            self.since = since + limits.newDocumentInterval * earned
        }
    }

    package init(limits: Limits = Limits()) {
        self.limits = limits
        self.pemAllowance = Allowance(left: limits.newDocuments)
        self.setAllowance = Allowance(left: limits.newDocuments)
    }

    // MARK: Questions

    /// The key if it can be given without starting or awaiting anything.
    package func cached(_ kid: String, of document: KeyDocument, at now: Instant) -> Key? {
        guard let entry = entries[document], let key = entry.keys[kid] else { return nil }
        return isDue(entry, at: now) ? nil : key
    }

    package mutating func ask(
        _ kid: String, of document: KeyDocument, waiter: Waiter, at now: Instant
    ) -> Step {
        guard var entry = entries[document] else { return askNew(kid, of: document, waiter: waiter, at: now) }
        entry.usedAt = now
        defer { entries[document] = entry }
        if let key = entry.keys[kid] {
            return Step(answer: .key(key), fetches: isDue(entry, at: now) && start(&entry))
        }
        if entry.isFetching { return Step(answer: wait(kid, waiter, &entry), fetches: false) }
        if let retryAt = entry.retryAt, now < retryAt, let failure = entry.failure {
            return Step(answer: .failure(failure), fetches: false)
        }
        if let fetchedAt = entry.fetchedAt, entry.failure == nil {
            let isRemembered = entry.unknown[kid].map { now < $0 } ?? false
            if isRemembered || now - fetchedAt < limits.refetchInterval {
                return Step(answer: .failure(.notInSet), fetches: false)
            }
        }
        guard waiting < limits.waiters, start(&entry) else { return Step(answer: .failure(.busy), fetches: false) }
        return Step(answer: wait(kid, waiter, &entry), fetches: true)
    }

    /// A waiter whose task was cancelled hears no more.
    package mutating func giveUp(_ waiter: Waiter, of document: KeyDocument) {
        guard let index = entries[document]?.waiting.firstIndex(where: { $0.waiter == waiter }) else { return }
        entries[document]?.waiting.remove(at: index)
        waiting -= 1
    }

    /// Asks for a document before anyone needs it.
    /// - Returns: whether to fetch it.
    package mutating func prefetch(_ document: KeyDocument, at now: Instant) -> Bool {
        var entry = entries[document] ?? Entry(usedAt: now)
        guard entry.fetchedAt == nil, start(&entry) else { return false }
        entries[document] = entry
        return true
    }

    // MARK: Answers

    /// A fetch has ended.
    /// - Returns: whom to tell what.
    package mutating func fetched(
        _ document: KeyDocument, _ result: Result<[String: Key], KeyFailure>, at now: Instant
    ) -> [Release] {
        guard var entry = entries[document], entry.isFetching else { return [] }
        entry.isFetching = false
        fetching -= 1
        switch result {
        case .success(let keys):
            entry.keys = keys
            settle(&entry, at: now)
        case .failure(.notFound):
            // The server is there and says no: what it once gave is withdrawn, and the name is remembered.
            entry.keys = [:]
            settle(&entry, at: now)
            entry.failure = .notFound
            entry.retryAt = now + limits.unknownFor
        case .failure(let failure):
            entry.failure = failure
            entry.failures += 1
            entry.retryAt = now + backOff(after: entry.failures)
        }
        let releases = entry.waiting.map { waiter, kid -> Release in
            if let key = entry.keys[kid] { return Release(waiter: waiter, result: .success(key)) }
            if case .success = result { remember(kid, &entry, at: now) }
            return Release(waiter: waiter, result: .failure(entry.failure ?? .notInSet))
        }
        waiting -= entry.waiting.count
        entry.waiting = []
        entries[document] = entry
        return releases
    }

    /// Everyone still waiting, when no fetch will end any more.
    package mutating func abandonAll() -> [Release] {
        var releases: [Release] = []
        for document in entries.keys {
            let waiting = entries[document]?.waiting ?? []
            releases += waiting.map { Release(waiter: $0.waiter, result: .failure(.unreachable)) }
            entries[document]?.waiting = []
            entries[document]?.isFetching = false
        }
        fetching = 0
        waiting = 0
        return releases
    }

    package var documentCount: Int { entries.count }

    // MARK: Rules

    private mutating func askNew(
        _ kid: String, of document: KeyDocument, waiter: Waiter, at now: Instant
    ) -> Step {
        let allowance = document.format == .keySet ? \Self.setAllowance : \Self.pemAllowance
        self[keyPath: allowance].refill(limits, at: now)
        var entry = Entry(usedAt: now)
        guard self[keyPath: allowance].left > 0, waiting < limits.waiters, makeRoom(), start(&entry) else {
            return Step(answer: .failure(.busy), fetches: false)
        }
        self[keyPath: allowance].left -= 1
        let answer = wait(kid, waiter, &entry)
        entries[document] = entry
        return Step(answer: answer, fetches: true)
    }

    private mutating func wait(_ kid: String, _ waiter: Waiter, _ entry: inout Entry) -> Answer {
        guard waiting < limits.waiters else { return .failure(.busy) }
        waiting += 1
        entry.waiting.append((waiter, kid))
        return .wait
    }

    private mutating func start(_ entry: inout Entry) -> Bool {
        guard !entry.isFetching, fetching < limits.fetches else { return false }
        entry.isFetching = true
        fetching += 1
        return true
    }

    /// Whether a document should be fetched anew although its keys may be used meanwhile.
    private func isDue(_ entry: Entry, at now: Instant) -> Bool {
        guard !entry.isFetching, let fetchedAt = entry.fetchedAt, now - fetchedAt >= limits.freshFor else {
            return false
        }
        return entry.retryAt.map { now >= $0 } ?? true
    }

    private func settle(_ entry: inout Entry, at now: Instant) {
        entry.fetchedAt = now
        entry.failure = nil
        entry.failures = 0
        entry.retryAt = nil
        entry.unknown = entry.unknown.filter { now < $0.value && entry.keys[$0.key] == nil }
    }

    private func remember(_ kid: String, _ entry: inout Entry, at now: Instant) {
        if entry.unknown.count >= limits.unknownKeysOfDocument,
            let oldest = entry.unknown.min(by: { $0.value < $1.value })
        {
            entry.unknown[oldest.key] = nil
        }
        entry.unknown[kid] = now + limits.unknownFor
    }

    private func backOff(after failures: Int) -> Duration {
        min(limits.firstBackOff * (1 << min(failures - 1, 10)), limits.maxBackOff)
    }

    /// - Returns: whether there is room for one document more, after the least used one has gone.
    private mutating func makeRoom() -> Bool {
        guard entries.count >= limits.documents else { return true }
        let idle = entries.filter { !$0.value.isFetching && $0.value.waiting.isEmpty }
        // Names that brought no key go first.
        let first = idle.min {
            ($0.value.keys.isEmpty ? 0 : 1, $0.value.usedAt) < ($1.value.keys.isEmpty ? 0 : 1, $1.value.usedAt)
        }
        guard let first else { return false }
        entries[first.key] = nil
        return true
    }
}
